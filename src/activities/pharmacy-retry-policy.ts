import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import { DocumentMismatchError } from '../documents/document-errors.ts';
import { SealBrokenError } from '../keys/aead.ts';
import { backoffMs } from '../lib/backoff.ts';
import { codeOf, framesOf } from '../lib/safe-error.ts';
import {
  NotReadyError,
  PharmacyAnswerError,
  PharmacyBusyError,
  PharmacyUnavailableError,
} from '../pharmacy/pharmacy-errors.ts';
import type { Config } from '../process/config.ts';
import { abortSignal, isLocal } from '../temporal/activity-context.ts';

/*
 * The retry policy of pharmacy calls. The workflow's ActivityOptions (src/workflows/order-steps.ts) only
 * cover attempts whose worker died; every other failed attempt names its own delay, from here.
 *
 * | error                                              | retried                                |
 * | -------------------------------------------------- | -------------------------------------- |
 * | `PharmacyUnavailableError` (no connection, time-   | until the order's limit, by default    |
 * | out, busy, 408, 423, 425, 429, 5xx), and every     | `COMPLETION_LIMIT_MS`: the pharmacy    |
 * | unexpected error, e.g. of the database             | may have the order                     |
 * | `NotReadyError` (404 of a new order, 202, 403 or   | for `PHARMACY_GRACE_MS`, by default 5  |
 * | 404 of a document), `SealBrokenError`              | minutes                                |
 * | `PharmacyAnswerError` (unreadable, contradictory), | MOST_BAD_ANSWERS in a row, within one  |
 * | `DocumentMismatchError`                            | attempt of the activity                |
 * | `PharmacyFaultError` (another 4xx, a wrong order)  | not at all                             |
 *
 * After that the order needs attention. `OrderRefusedError` is not retried: the order is REJECTED.
 *
 * | question             | answer                                                                   |
 * | -------------------- | ------------------------------------------------------------------------ |
 * | initial interval     | `RETRY_INITIAL_MS`, 1 second by default                                  |
 * | factor               | 2                                                                        |
 * | cap                  | `RETRY_MAX_MS`, 5 minutes by default                                     |
 * | jitter               | a random delay between half of the interval and all of it                |
 * | pharmacy busy        | the cap is 30 seconds, or later when many orders wait (pharmacy-slots.ts) |
 * | Retry-After          | honoured up to one hour, also beyond the cap; never shortens the delay   |
 * | pharmacy silent      | one attempt a second over all of its orders (pharmacy-slots.ts)          |
 *
 * Polling for the completion (poll-for-completion.ts) doubles from `POLL_INITIAL_MS` to
 * `POLL_MAX_MS` instead, and counts an unavailable pharmacy as "not completed yet".
 */

/**
 * Attempts to reach the pharmacy before an order expires. After the last one the order becomes
 * `NEEDS_ATTENTION`, because the pharmacy has not confirmed that it will not dispense it.
 */
export const MAX_EXPIRY_ATTEMPTS = 10;

/** Answers in a row that cannot be read or used. After the last one the order needs attention. */
const MOST_BAD_ANSWERS = 5;

/** The longest delay of an attempt that found no free slot of its pharmacy, in milliseconds. */
const MOST_BUSY_MS = 30_000;

/** The settings of the policy, in milliseconds. */
export type RetrySettings = Pick<
  Config['pharmacy'],
  'retryInitialMs' | 'retryMaxMs' | 'graceMs' | 'completionLimitMs'
>;

/**
 * Returns the delay before the next attempt, in milliseconds: exponential backoff with jitter, or the
 * pharmacy's Retry-After if that is later.
 *
 * @param attempt the attempt that has just failed, from 1.
 */
export function retryDelayMs(error: unknown, attempt: number, settings: RetrySettings): number {
  const { retryInitialMs: initialMs, retryMaxMs } = settings;
  const maxMs =
    error instanceof PharmacyBusyError ? Math.min(retryMaxMs, MOST_BUSY_MS) : retryMaxMs;
  const asked = error instanceof PharmacyUnavailableError ? error.retryAfterMs : undefined;
  return Math.max(asked ?? 0, backoffMs(attempt, { initialMs, maxMs }));
}

/**
 * Returns how long a step may fail with an error, in milliseconds.
 *
 * @param completionLimitMs the limit of the order's pharmacy; null: the default.
 */
export function patienceMs(
  error: unknown,
  completionLimitMs: number | null,
  settings: RetrySettings,
): number {
  const limit = completionLimitMs ?? settings.completionLimitMs;
  const isBounded = error instanceof NotReadyError || error instanceof SealBrokenError;
  return isBounded ? Math.min(settings.graceMs, limit) : limit;
}

/**
 * Calls a pharmacy until it gives an answer that can be used, a few times. The attempts are within one
 * attempt of the activity, because only bad answers in a row count.
 */
export async function untilUsable<T>(settings: RetrySettings, call: () => Promise<T>): Promise<T> {
  for (let bad = 1; ; bad += 1) {
    try {
      return await call();
    } catch (error) {
      const isBad =
        error instanceof PharmacyAnswerError ||
        (error instanceof DocumentMismatchError && error.code !== 'DOCUMENT_TOO_LARGE');
      if (!isBad || bad === MOST_BAD_ANSWERS) throw error;
      // Waiting is for an ordinary activity.
      if (isLocal()) throw notLocally('The pharmacy gave an answer that cannot be used.');
      await sleep(retryDelayMs(error, bad, settings), undefined, { signal: abortSignal() });
    }
  }
}

/** Ends a local activity; the workflow runs an ordinary one at once instead. */
export function notLocally(message: string): ApplicationFailure {
  return ApplicationFailure.create({ type: 'NOT_LOCALLY', message, nonRetryable: true });
}

/**
 * Turns an error into a failure that Temporal retries after `delayMs`.
 *
 * The failure carries a code and stack frames only: Temporal stores it and the worker logs it, and
 * an error's own message may quote what a database or a pharmacy received.
 */
export function retryableFailure(error: unknown, delayMs: number): ApplicationFailure {
  const failure = ApplicationFailure.create({
    type: error instanceof PharmacyUnavailableError ? 'PHARMACY_UNAVAILABLE' : 'INTERNAL',
    message: codeOf(error),
    nextRetryDelay: delayMs,
    // For a workflow that hands the failure of a local activity on: the SDK does not give it `nextRetryDelay`.
    details: [delayMs],
  });
  failure.stack = [failure.message, ...framesOf(error)].join('\n');
  return failure;
}
