import { ApplicationFailure } from '@temporalio/common';
import type { OrderStatus } from '../contract/order.ts';
import { DocumentMismatchError } from '../documents/document-errors.ts';
import { codeOf } from '../lib/safe-error.ts';
import { endDelay, recordFailedAttempt } from '../orders/delay.ts';
import { reopenOrder } from '../orders/late-news.ts';
import { readStatus } from '../orders/repairs/with-repair.ts';
import { PharmacyAnswerError, PharmacyFaultError } from '../pharmacy/pharmacy-errors.ts';
import { inTransaction } from '../storage/transaction.ts';
import { attempt, cancelledByWorkflow, withHeartbeat } from '../temporal/activity-context.ts';
import type { StepResult } from '../workflows/order-activities.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { patienceMs, retryableFailure, retryDelayMs } from './pharmacy-retry-policy.ts';
import { needsAttention } from './step-results.ts';

type Activity<Args extends unknown[], R> = (orderId: string, ...args: Args) => Promise<R>;

/**
 * Makes an activity heartbeat, and fail as pharmacy-retry-policy.ts says. An `ApplicationFailure` passes
 * unchanged: the activity chose its own delay, or must not be retried.
 */
export function guardActivity<Args extends unknown[], R>(
  { settings }: ActivityDependencies,
  run: Activity<Args, R>,
): Activity<Args, R> {
  return async (orderId, ...args) => {
    try {
      return await withHeartbeat(() => run(orderId, ...args));
    } catch (error) {
      if (error instanceof ApplicationFailure) throw error;
      throw (
        cancelledByWorkflow() ?? retryableFailure(error, retryDelayMs(error, attempt(), settings))
      );
    }
  };
}

/**
 * As {@link guardActivity}, for a step of the order. An attempt that fails is recorded on the order, which
 * shows the delay. When retrying cannot help, or has taken as long as it may, the order needs attention.
 *
 * @param options.from only an order with this status is moved: the attempt may be stale.
 * @param options.beforeGivingUp runs before the order is moved, with the code of the error.
 */
export function guardStep<Args extends unknown[], Done>(
  dependencies: ActivityDependencies,
  run: Activity<Args, StepResult<Done>>,
  options: {
    readonly from?: OrderStatus;
    readonly beforeGivingUp?: (orderId: string, code: string) => Promise<void>;
    /** Whether the step is about an order that has ended; it is reopened then. */
    readonly isLate?: boolean;
  } = {},
): Activity<Args, StepResult<Done>> {
  const { database, settings } = dependencies;
  return guardActivity(dependencies, async (orderId, ...args) => {
    try {
      const result = await run(orderId, ...args);
      // A change of the status has ended the delay already.
      if (attempt() > 1) await endDelay(database, orderId);
      return result;
    } catch (error) {
      if (error instanceof ApplicationFailure || cancelledByWorkflow() !== undefined) throw error;
      if (cannotPass(error)) return await giveUp(orderId, error);
      const code = stableCode(error);
      const delayMs = retryDelayMs(error, attempt(), settings);
      const failing = await recordFailedAttempt(
        database,
        orderId,
        { code, delayMs },
        options.isLate === true ? 'any' : 'open',
      );
      if (failing === undefined) throw error;
      const left = patienceMs(error, failing.completionLimitMs, settings) - failing.failingMs;
      if (left <= 0) return await giveUp(orderId, error);
      throw retryableFailure(error, Math.max(1, Math.min(delayMs, left)));
    }
  });

  async function giveUp(orderId: string, error: unknown): Promise<StepResult<never>> {
    const code = stableCode(error);
    await options.beforeGivingUp?.(orderId, code);
    try {
      return await moveToAttention(orderId, code, reasonOf(error));
    } catch {
      // Without the key of the order, its reason cannot be encrypted.
      return await moveToAttention(orderId, code, undefined);
    }
  }

  async function moveToAttention(
    orderId: string,
    code: string,
    reason: string | undefined,
  ): Promise<StepResult<never>> {
    if (options.isLate !== true) {
      return await needsAttention(database, orderId, code, reason, options.from);
    }
    await inTransaction(database, async (sql) => {
      const from = await readStatus(database, orderId);
      await endDelay(sql, orderId);
      await reopenOrder(sql, orderId, { from, reasonCode: code, reason });
    });
    return { outcome: 'needs-attention', reasonCode: code };
  }
}

/** The code that the order shows. The codes of Postgres and the names of classes mean nothing there. */
function stableCode(error: unknown): string {
  const code = codeOf(error);
  return error instanceof Error && 'code' in error && /^[A-Z][A-Za-z0-9_]+$/.test(code)
    ? code
    : 'INTERNAL';
}

/** Whether another attempt would meet the same error. */
function cannotPass(error: unknown): boolean {
  return error instanceof PharmacyFaultError || error instanceof DocumentMismatchError;
}

/** Explains an error to the organization and its operators. */
export function reasonOf(error: unknown): string {
  const { document } = error as { document?: string };
  if (document !== undefined) {
    const problem = error instanceof DocumentMismatchError ? `it ${error.message}` : codeOf(error);
    return `The document "${document}" could not be fetched: ${problem}.`;
  }
  if (error instanceof PharmacyAnswerError && error.field !== undefined) {
    return `The pharmacy's answer could not be read: the field ${error.field} is missing or malformed.`;
  }
  if (cannotPass(error)) return 'The pharmacy gave an answer that retrying cannot fix.';
  return 'The step kept failing until its time limit.';
}
