import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cacheFolder } from '../../sandbox/folders.ts';
import { type Findings, readReport } from './report.ts';

const VERSION = '4.32.5';
const INSTALL_MS = 300_000;

/*
 * Two kinds of checks are off: `positive_data_acceptance`, because the server rightly refuses a
 * well-formed order of an unknown case, and the checks that need links between operations.
 */
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'negative_data_rejection',
].join(',');

/**
 * Finds schemathesis, and installs it into the cache folder if it is missing.
 *
 * @returns the program's path; or `missing`, the reason why it is not available, such as no Python.
 */
export function obtainSchemathesis(): { program: string } | { missing: string } {
  const folder = path.join(cacheFolder(process.env), `schemathesis-${VERSION}`);
  const program = path.join(folder, 'bin', 'schemathesis');
  // Written last, so that an interrupted installation is repeated.
  const done = path.join(folder, 'installed');
  if (existsSync(done)) return { program };
  if (spawnSync('python3', ['--version']).status !== 0)
    return { missing: 'python3 is not installed' };
  console.error(`installing schemathesis ${VERSION} into ${folder} …`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(path.dirname(folder), { recursive: true });
  const pip = path.join(folder, 'bin', 'pip');
  const steps: [string, string[]][] = [
    ['python3', ['-m', 'venv', folder]],
    [pip, ['install', '--quiet', `schemathesis==${VERSION}`]],
  ];
  for (const [command, args] of steps) {
    const { status } = spawnSync(command, args, { stdio: ['ignore', 2, 2], timeout: INSTALL_MS });
    if (status !== 0)
      return { missing: `${path.basename(command)} ${args[0]} ended with ${status}` };
  }
  writeFileSync(done, '');
  return { program };
}

/** In addition to the defaults of schemathesis: the server can refuse an invalid request for its size first. */
const CONFIG = `[checks]
negative_data_rejection.expected-statuses = [
  "400", "401", "403", "404", "405", "406", "409", "413", "415", "422", "428", "429", "431",
]
`;

/** The options of a run. */
export interface Run {
  readonly baseUrl: string;
  /** The folder of the document and the reports. */
  readonly folder: string;
  readonly document: object;
  /** The maximum number of requests to each operation. */
  readonly each: number;
  readonly seed: number;
  /** The longest time of the run, in milliseconds. */
  readonly limitMs: number;
}

/**
 * Sends valid and invalid requests that schemathesis makes from the document.
 *
 * @throws {Error} the run did not finish.
 */
export async function runSchemathesis(program: string, run: Run): Promise<Findings> {
  const document = path.join(run.folder, 'openapi.json');
  const report = path.join(run.folder, 'schemathesis.json');
  writeFileSync(document, JSON.stringify(run.document));
  writeFileSync(path.join(run.folder, 'schemathesis.toml'), CONFIG);
  const args = ['run', document, '--url', run.baseUrl, '--phases', 'fuzzing', '--checks', CHECKS];
  args.push('-n', String(run.each), '--seed', String(run.seed), '--workers', '2');
  args.push('-H', 'cv-api-key: YOUR_SECRET_KEY', '--request-timeout', '10', '--warnings', 'off');
  args.push('--no-color', '--no-shrink', '--continue-on-failure', '--report-json-path', report);
  // schemathesis reads its configuration from the run's folder and leaves its example database there.
  const child = spawn(program, args, {
    cwd: run.folder,
    stdio: ['ignore', 2, 2],
    timeout: run.limitMs,
  });
  await once(child, 'exit');
  if (!existsSync(report)) throw new Error(`schemathesis wrote no report in ${run.limitMs} ms`);
  return readReport(JSON.parse(readFileSync(report, 'utf8')));
}
