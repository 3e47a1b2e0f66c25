import { ApplicationFailure } from '@temporalio/common';
import { backoffMs } from '../lib/backoff.ts';
import { codeOf, framesOf } from '../lib/safe-error.ts';
import { PharmacyUnavailableError } from '../pharmacy/pharmacy-errors.ts';
import type { Config } from '../process/config.ts';

/*
 * The retry policy of pharmacy calls. The workflow's ActivityOptions (src/workflows/order.ts) only
 * cover attempts whose worker died; every other failed attempt names its own delay, from here.
 *
 * | question             | answer                                                                   |
 * | -------------------- | ------------------------------------------------------------------------ |
 * | which errors         | `PharmacyUnavailableError` (no connection, time-out, 429, 5xx, an        |
 * |                      | unreadable answer) and every unexpected error, e.g. of the database      |
 * | not retried          | `OrderRefusedError`: the order becomes REJECTED. `PharmacyFaultError`    |
 * |                      | (another 4xx, a wrong order): the order becomes NEEDS_ATTENTION          |
 * | initial interval     | `RETRY_INITIAL_MS`, 1 second by default                                  |
 * | factor               | 2                                                                        |
 * | cap                  | `RETRY_MAX_MS`, 5 minutes by default                                     |
 * | jitter               | a random delay between half of the interval and all of it                |
 * | Retry-After          | honoured up to one hour, also beyond the cap; never shortens the delay   |
 * | limit                | none: an order waits in PLACING until its pharmacy answers, except for   |
 * |                      | MAX_EXPIRY_ATTEMPTS and MAX_DOCUMENT_MISMATCHES below                    |
 *
 * Polling for the completion (poll-for-completion.ts) doubles from `POLL_INITIAL_MS` to
 * `POLL_MAX_MS` instead, and counts an unavailable pharmacy as "not completed yet".
 */

/**
 * Attempts to reach the pharmacy before an order expires. After the last one the order becomes
 * `NEEDS_ATTENTION`, because the pharmacy has not confirmed that it will not dispense it.
 */
export const MAX_EXPIRY_ATTEMPTS = 10;

/**
 * Downloads of one document whose size or SHA-256 differs from the announced one, within one attempt.
 * After the last one the order becomes `NEEDS_ATTENTION`.
 */
export const MAX_DOCUMENT_MISMATCHES = 5;

/** The settings of the policy, in milliseconds. */
export type RetrySettings = Pick<Config['pharmacy'], 'retryInitialMs' | 'retryMaxMs'>;

/**
 * Returns the delay before the next attempt, in milliseconds: exponential backoff with jitter.
 *
 * @param attempt the attempt that has just failed, from 1.
 */
export function retryDelayMs(
  attempt: number,
  { retryInitialMs: initialMs, retryMaxMs: maxMs }: RetrySettings,
): number {
  return backoffMs(attempt, { initialMs, maxMs });
}

/**
 * Turns an error into a failure that Temporal retries after {@link retryDelayMs}, or after the
 * pharmacy's Retry-After if that is later.
 *
 * The failure carries a code and stack frames only: Temporal stores it and the worker logs it, and
 * an error's own message may quote what a database or a pharmacy received.
 *
 * @param attempt the attempt that has just failed, from 1.
 */
export function retryableFailure(
  error: unknown,
  attempt: number,
  settings: RetrySettings,
): ApplicationFailure {
  const unavailable = error instanceof PharmacyUnavailableError;
  const retryAfterMs = unavailable ? error.retryAfterMs : undefined;
  const failure = ApplicationFailure.create({
    type: unavailable ? 'PHARMACY_UNAVAILABLE' : 'INTERNAL',
    message: codeOf(error),
    nextRetryDelay: Math.max(retryAfterMs ?? 0, retryDelayMs(attempt, settings)),
  });
  failure.stack = [failure.message, ...framesOf(error)].join('\n');
  return failure;
}
