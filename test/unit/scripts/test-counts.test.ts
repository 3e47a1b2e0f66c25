import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

// Plain JavaScript without declarations: the compiler must not follow the import.
const script = new URL('../../../scripts/verify/test-counts.mjs', import.meta.url).href;
const { countTests } = (await import(script)) as {
  countTests: (file: string, exitCode: number) => Counts;
};

describe('the counts of a test run', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'test-counts-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  function count(report: object, exitCode: number): Counts {
    const file = path.join(folder, 'tests.json');
    const whole = {
      numPassedTests: 0,
      numFailedTests: 0,
      numPendingTests: 0,
      numTodoTests: 0,
      testResults: [],
      ...report,
    };
    writeFileSync(file, JSON.stringify(whole));
    return countTests(file, exitCode);
  }

  it('come from the report', () => {
    const failing = { status: 'failed', assertionResults: [{ status: 'failed' }] };
    const report = { numPassedTests: 7, numFailedTests: 2, testResults: [failing] };
    expect(count(report, 1)).toEqual({ passed: 7, failed: 2, skipped: 0 });
  });

  it('separate skipped tests', () => {
    const report = { numPassedTests: 7, numPendingTests: 1, numTodoTests: 2 };
    expect(count(report, 0)).toEqual({ passed: 7, failed: 0, skipped: 3 });
  });

  it('count a file that breaks before vitest knows its tests', () => {
    const report = {
      numPassedTests: 7,
      numFailedTests: 1,
      testResults: [
        { status: 'failed', assertionResults: [{ status: 'failed' }] },
        { status: 'failed', assertionResults: [] },
        { status: 'passed', assertionResults: [{ status: 'passed' }] },
      ],
    };
    expect(count(report, 1)).toEqual({ passed: 7, failed: 2, skipped: 0 });
  });

  it('show a failure when the run failed outside its tests', () => {
    expect(count({ numPassedTests: 7 }, 1)).toEqual({ passed: 7, failed: 1, skipped: 0 });
  });

  it('show a failure when there is no report', () => {
    const missing = path.join(folder, 'missing.json');
    expect(countTests(missing, 0)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });
});
