import { z } from 'zod';

/** The findings of a fuzzing run, as numbers of requests. */
export interface Findings {
  readonly cases: number;
  /** Requests with a 5xx or without an answer. */
  readonly serverErrors: number;
  /** Requests with an answer that the OpenAPI document does not describe. */
  readonly offSchema: number;
  /** Accepted requests that break a rule. */
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
 * @throws {Error} the run is incomplete, or failed for a reason that the report does not count.
 */
export function readReport(json: unknown): Findings {
  const { complete, exit_code, test_cases, failures } = reportSchema.parse(json);
  const count = (of: (type: string) => boolean) =>
    failures.filter(({ type }) => of(type)).reduce((sum, { count }) => sum + count, 0);
  const serverErrors = test_cases.errored + count((type) => type === 'ServerError');
  const acceptedBreakingARule = count((type) => type === 'AcceptedNegativeData');
  const offSchema = count((type) => type !== 'ServerError' && type !== 'AcceptedNegativeData');
  const found = serverErrors + acceptedBreakingARule + offSchema;
  if (!complete) throw new Error('schemathesis did not finish');
  if (exit_code !== 0 && found === 0) throw new Error(`schemathesis ended with ${exit_code}`);
  return { cases: test_cases.generated, serverErrors, offSchema, acceptedBreakingARule };
}
