import fc from 'fast-check';
import { faultsOf } from '../../test/support/documented.ts';
import { hostileBodies } from '../../test/support/hostile-bodies.ts';
import type { Findings } from './report.ts';

const CASE = '/api/v1/cases/123e4567-e89b-12d3-a456-426614174000';
const AT_ONCE = 4;

/** A request with a wrong answer, complete enough to send it again. */
export interface Failure {
  readonly body: string;
  readonly faults: readonly string[];
}

/** Sends the endpoint bodies that no OpenAPI document can describe. */
export async function sendOurBodies(
  baseUrl: string,
  options: { readonly cases: number; readonly seed: number; onFailure(failure: Failure): void },
): Promise<Omit<Findings, 'acceptedBreakingARule'>> {
  const bodies = fc.sample(hostileBodies(), { numRuns: options.cases, seed: options.seed });
  const found = { cases: bodies.length, serverErrors: 0, offSchema: 0 };
  const left = bodies.values();
  const sender = async () => {
    for (const body of left) {
      const { isServerError, faults } = await judge(baseUrl, body);
      if (isServerError) found.serverErrors += 1;
      else if (faults.length > 0) found.offSchema += 1;
      if (faults.length > 0) options.onFailure({ body: body.toString('base64'), faults });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, sender));
  return found;
}

async function judge(baseUrl: string, body: Buffer) {
  try {
    const answer = await fetch(`${baseUrl}${CASE}`, {
      method: 'POST',
      headers: { 'cv-api-key': 'YOUR_SECRET_KEY', 'content-type': 'application/json' },
      body: new Uint8Array(body),
      signal: AbortSignal.timeout(10_000),
    });
    const { status, headers } = answer;
    const json: unknown = await answer.json();
    const faults = faultsOf({ status, headers, json }, 'POST', '/api/v1/cases/{caseId}');
    // The document allows a 503, but under fuzzing every 5xx is wrong.
    if (status >= 500) faults.push(`answered ${status}`);
    return { isServerError: status >= 500, faults };
  } catch (cause) {
    // No answer, or an answer that is not JSON. The run continues, to find the others too.
    return { isServerError: true, faults: [String(cause)] };
  }
}
