import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cacheFolder } from '../../src/embedded/folders.ts';
import { createOpenApi, packageVersion } from '../../src/http/openapi.ts';
import type { RouteDependencies } from '../../src/http/route.ts';
import { routes } from '../../src/http/routes.ts';

const VERSION = '4.32.*';

// Off: positive_data_acceptance (a well-formed order for an unknown case is rightly refused).
const CHECKS =
  'not_a_server_error,status_code_conformance,content_type_conformance,' +
  'response_headers_conformance,response_schema_conformance,negative_data_rejection';

/** The program, installed when it is not yet; undefined when python3 is not here. */
export function obtainSchemathesis(): string | undefined {
  const folder = path.join(cacheFolder(process.env), 'schemathesis-4.32');
  const program = path.join(folder, 'bin', 'schemathesis');
  if (existsSync(program)) return program;
  if (spawnSync('python3', ['--version']).error) return undefined;
  mkdirSync(path.dirname(folder), { recursive: true });
  run('python3', ['-m', 'venv', folder]);
  run(path.join(folder, 'bin', 'pip'), ['install', '--quiet', `schemathesis==${VERSION}`]);
  return program;
}

function run(program: string, args: string[]): void {
  const { status } = spawnSync(program, args, { stdio: ['ignore', 2, 2], timeout: 300_000 });
  if (status !== 0) throw new Error(`${program} ended with ${status}`);
}

/** Runs about `cases` requests from the document; the exit code and where the report is. */
export function runSchemathesis(
  program: string,
  options: { baseUrl: string; folder: string; cases: number; seed: number },
): { status: number | null; report: string } {
  // The document is made of schemas alone: no route is called here.
  const document = createOpenApi(routes({} as RouteDependencies), packageVersion());
  const operations = Object.values(document.paths ?? {}).flatMap((item) => Object.keys(item ?? {}));
  const file = path.join(options.folder, 'openapi.json');
  writeFileSync(file, JSON.stringify(document));
  const report = path.join(options.folder, 'schemathesis.json');
  const each = Math.max(1, Math.ceil(options.cases / operations.length));
  const args = ['run', file, '--url', options.baseUrl, '--phases', 'fuzzing', '-n', String(each)];
  args.push('--seed', String(options.seed), '--checks', CHECKS, '--request-timeout', '10');
  args.push('-H', 'cv-api-key: YOUR_SECRET_KEY', '--no-color', '--continue-on-failure');
  args.push('--report-json-path', report, '--max-time', '600', '--no-shrink');
  const { status } = spawnSync(program, args, { stdio: ['ignore', 2, 2], timeout: 660_000 });
  return { status, report };
}
