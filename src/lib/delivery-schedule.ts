const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/**
 * The waits between attempts at a webhook delivery, in milliseconds: one after each failed attempt but
 * the last. Ten attempts within three days (docs/webhooks.md, "When an attempt fails"). The
 * variable `WEBHOOK_RETRY_SCHEDULE_MS` overrides it.
 */
export const DELIVERY_SCHEDULE_MS: readonly number[] = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
];

/** Share of a wait that is random, either way: deliveries that failed together do not retry together. */
const JITTER = 0.1;

/**
 * Returns how long a delivery waits before its next attempt, in milliseconds; undefined when the last
 * attempt has failed.
 *
 * @param failed failed attempts so far, from 1.
 * @param schedule the waits after each failed attempt but the last, in milliseconds.
 * @param options.atLeastMs what the endpoint asked for (`Retry-After`). It can only lengthen the wait.
 * @param options.random in [0, 1).
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
