import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';

/** Longest run of one test file. A bug may make a test wait until its own limit. */
const LIMIT_MS = 5 * 60_000;

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
  readonly numTotalTests: number;
}

/**
 * Runs one test file of a copy of the project.
 *
 * @param folder the copy.
 * @param file the test file, relative to it.
 * @param stopping ends the run.
 * @returns the name of the first test that failed; undefined: all passed.
 * @throws {Error} no test ran, so the run proves nothing.
 */
export async function runTests(
  folder: string,
  file: string,
  stopping: AbortSignal,
): Promise<string | undefined> {
  const output = path.join(folder, 'report.json');
  await rm(output, { force: true });
  const args = ['node_modules/vitest/vitest.mjs', 'run', file, '--bail', '1'];
  const child = spawn(process.execPath, [...args, '--reporter', 'json', '--outputFile', output], {
    cwd: folder,
    stdio: 'ignore',
    // In its own process group, so that the servers that the tests start end with it.
    detached: true,
  });
  const stop = () => process.kill(-child.pid!, 'SIGTERM');
  const timer = setTimeout(stop, LIMIT_MS);
  stopping.addEventListener('abort', stop);
  const [code] = (await once(child, 'exit')) as [number | null];
  stopping.removeEventListener('abort', stop);
  clearTimeout(timer);

  const report = await readReport(output);
  const results = report?.testResults.flatMap(({ assertionResults }) => assertionResults) ?? [];
  const failed = results.find(({ status }) => status === 'failed');
  if (failed !== undefined) return failed.fullName;
  if (report === undefined || report.numTotalTests === 0) {
    throw new Error(`no test of ${file} ran (exit code ${code})`);
  }
  return code === 0 ? undefined : 'the run failed outside its tests';
}

async function readReport(file: string): Promise<Report | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Report;
  } catch {
    return undefined;
  }
}
