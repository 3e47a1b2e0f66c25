import { readFileSync } from 'node:fs';

/**
 * Counts the tests of a run from the file that vitest's JSON reporter wrote.
 *
 * A file that broke before its tests were known, and a run that failed without any failed test (an
 * error outside of tests, a crash), count as one failure each, so that a red run never counts as 0.
 *
 * @param {string} file the reporter's output; missing when the run broke down.
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
