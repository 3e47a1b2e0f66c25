import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';

/** Bounds one file's tests; a bug may make them wait. */
const LIMIT_MS = 5 * 60_000;

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
  readonly numTotalTests: number;
}

/**
 * Runs a test file of a copy of the project.
 *
 * @returns the name of the first test that failed; undefined: all passed.
 * @throws {Error} nothing was run, or a run failed without a test that did: then nothing is proved.
 */
export async function runTests(folder: string, file: string): Promise<string | undefined> {
  const output = path.join(folder, 'report.json');
  await rm(output, { force: true });
  const args = ['node_modules/vitest/vitest.mjs', 'run', file, '--bail', '1'];
  const child = spawn(process.execPath, [...args, '--reporter', 'json', '--outputFile', output], {
    cwd: folder,
    stdio: 'ignore',
    detached: true,
  });
  const timer = setTimeout(() => process.kill(-child.pid!, 'SIGTERM'), LIMIT_MS);
  const [code] = (await once(child, 'exit')) as [number | null];
  clearTimeout(timer);
  const report = JSON.parse(await readFile(output, 'utf8')) as Report;
  const results = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  const failed = results.find(({ status }) => status === 'failed');
  if (failed !== undefined) return failed.fullName;
  if (code !== 0 && report.numTotalTests > 0) return 'the run failed beside its tests';
  if (code !== 0) throw new Error(`${file} could not be run`);
  return undefined;
}
