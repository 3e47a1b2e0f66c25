/** How far a wait may be off, either way: what failed together does not come back together. */
const JITTER = 0.1;

/**
 * How long a delivery waits before its next attempt.
 *
 * @param failed attempts that have failed, from 1.
 * @param schedule the waits after each failed attempt but the last, in milliseconds.
 * @param options.atLeastMs what the endpoint asked for (`Retry-After`); it lengthens the wait only.
 * @param options.random in [0, 1).
 * @returns milliseconds; undefined when that was the last attempt.
 */
export function waitAfter(
  failed: number,
  schedule: readonly number[],
  { atLeastMs = 0, random = Math.random() }: { atLeastMs?: number; random?: number } = {},
): number | undefined {
  const planned = schedule[failed - 1];
  if (planned === undefined) return undefined;
  return Math.max(Math.round(planned * (1 - JITTER + 2 * JITTER * random)), atLeastMs);
}
