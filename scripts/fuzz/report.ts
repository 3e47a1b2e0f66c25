import { z } from 'zod';

/** What a fuzzing run found: numbers of requests. */
export interface Findings {
  readonly cases: number;
  /** Answered with a 5xx, or not at all. */
  readonly serverErrors: number;
  /** Answered otherwise than the OpenAPI document says. */
  readonly offSchema: number;
  /** Accepted, though a rule is broken. */
  readonly acceptedBreakingARule: number;
}

const reportSchema = z.object({
  complete: z.boolean(),
  exit_code: z.number(),
  test_cases: z.object({ generated: z.number(), errored: z.number() }),
  failures: z.array(z.object({ type: z.string(), count: z.number() })),
});

/**
 * Reads schemathesis' JSON report.
 *
 * @throws {Error} the run was not complete, or failed for a reason that the report does not count.
 */
export function readReport(json: unknown): Findings {
  const { complete, exit_code, test_cases, failures } = reportSchema.parse(json);
  const count = (of: (type: string) => boolean) =>
    failures.filter(({ type }) => of(type)).reduce((sum, { count }) => sum + count, 0);
  const serverErrors = test_cases.errored + count((type) => type === 'ServerError');
  const acceptedBreakingARule = count((type) => type === 'AcceptedNegativeData');
  const offSchema = count((type) => type !== 'ServerError' && type !== 'AcceptedNegativeData');
  const found = serverErrors + acceptedBreakingARule + offSchema;
  if (!complete) throw new Error('schemathesis did not come to its end');
  if (exit_code !== 0 && found === 0) throw new Error(`schemathesis ended with ${exit_code}`);
  return { cases: test_cases.generated, serverErrors, offSchema, acceptedBreakingARule };
}
