/**
 * How long to wait before the next attempt: doubles from `initialMs` up to `maxMs`, and takes a
 * random part of the upper half of that, so that attempts which failed together don't come back
 * together.
 *
 * @param attempt the one that just failed, from 1.
 * @param random in [0, 1).
 * @returns milliseconds, between half of the capped wait and the whole of it.
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
