/**
 * Computes an exponential backoff with jitter. The wait doubles from `initialMs` up to `maxMs`; a random
 * share of its upper half is removed, so that callers that failed together do not retry together.
 *
 * @param attempt the number of the failed attempt, from 1.
 * @param random in [0, 1).
 * @returns milliseconds, between half of the capped wait and all of it.
 */
export function backoffMs(
  attempt: number,
  limits: { readonly initialMs: number; readonly maxMs: number },
  random: number = Math.random(),
): number {
  const doublings = Math.min(Math.max(attempt, 1) - 1, 40);
  const capped = Math.min(limits.initialMs * 2 ** doublings, limits.maxMs);
  return Math.round(capped / 2 + (capped / 2) * random);
}
