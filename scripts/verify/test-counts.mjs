import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * The arguments that make vitest show a run, name its flaky tests, and write a report for {@link countTests}.
 *
 * @param {string} file the file of the report.
 */
export function reporterArguments(file) {
  const flakyTests = fileURLToPath(new URL('flaky-tests.mjs', import.meta.url));
  const reporters = ['default', 'json', flakyTests].map((name) => `--reporter=${name}`);
  return [...reporters, `--outputFile.json=${file}`];
}

/**
 * Counts the tests of a run from the file that vitest's JSON reporter wrote.
 *
 * Two kinds of failure have no failed test: a file that breaks before vitest knows its tests, and a
 * run that fails outside its tests. Each counts as one, so that a red run never counts as 0 failures.
 *
 * @param {string} file the reporter's output. A crashed run leaves none.
 * @param {number} exitCode of vitest.
 * @returns {{ passed: number, failed: number, skipped: number }}
 */
export function countTests(file, exitCode) {
  let report;
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const brokenFiles = report.testResults.filter(
    (result) =>
      result.status === 'failed' &&
      !result.assertionResults.some((assertion) => assertion.status === 'failed'),
  ).length;
  const failed = report.numFailedTests + brokenFiles;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && exitCode !== 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}
