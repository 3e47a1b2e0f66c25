import { expect, it } from 'vitest';
import { readReport } from '../../../../scripts/fuzz/report.ts';

function report(changes: object) {
  return {
    complete: true,
    exit_code: 0,
    test_cases: { generated: 40, errored: 0 },
    failures: [],
    ...changes,
  };
}

it('finds nothing in a run that passed', () => {
  expect(readReport(report({}))).toEqual({
    cases: 40,
    serverErrors: 0,
    offSchema: 0,
    acceptedBreakingARule: 0,
  });
});

it('separates server errors, answers outside the schema and accepted faults', () => {
  const failures = [
    { type: 'ServerError', count: 2 },
    { type: 'UndefinedStatusCode', count: 3 },
    { type: 'JsonSchemaError', count: 4 },
    { type: 'AcceptedNegativeData', count: 5 },
  ];

  expect(readReport(report({ exit_code: 1, failures }))).toEqual({
    cases: 40,
    serverErrors: 2,
    offSchema: 7,
    acceptedBreakingARule: 5,
  });
});

it('counts a request without an answer as a server error', () => {
  const test_cases = { generated: 40, errored: 1 };

  expect(readReport(report({ exit_code: 1, test_cases })).serverErrors).toBe(1);
});

it.each([
  ['was broken off', { complete: false }],
  ['failed for a reason that it does not count', { exit_code: 1 }],
])('refuses a run that %s', (_, changes) => {
  expect(() => readReport(report(changes))).toThrow('schemathesis');
});
