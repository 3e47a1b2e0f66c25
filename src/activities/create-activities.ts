import { ApplicationFailure } from '@temporalio/common';
import { backoffMs } from '../lib/backoff.ts';
import { codeOf, framesOf } from '../lib/safe-error.ts';
import { PharmacyUnavailableError } from '../pharmacy/pharmacy-errors.ts';
import { attempt, withHeartbeat } from '../temporal/activity-context.ts';
import type { OrderActivities } from '../workflows/order-activities.ts';
import { createApplyRepair } from './apply-repair.ts';
import { createCancelOrder } from './cancel-order.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { createExpireOrder } from './expire-order.ts';
import { createFetchDocuments } from './fetch-documents.ts';
import { createLookForCompletion } from './look-for-completion.ts';
import { createPlaceOrder } from './place-order.ts';
import { createValidateOrder } from './validate-order.ts';

/** Builds the order's activities on their dependencies. */
export function createActivities(dependencies: ActivityDependencies): OrderActivities {
  const { retryInitialMs: initialMs, retryMaxMs: maxMs } = dependencies.settings;

  /**
   * Runs an activity so that it heartbeats, and so that a fault becomes a retryable failure which
   * says when to try again. Its words are codes: failures stand in the Temporal store and in logs,
   * and an error's own message may quote what a database or a pharmacy was given.
   */
  function guarded<Args extends unknown[], R>(
    run: (...args: Args) => Promise<R>,
  ): (...args: Args) => Promise<R> {
    return async (...args) => {
      try {
        return await withHeartbeat(() => run(...args));
      } catch (error) {
        if (error instanceof ApplicationFailure) throw error;
        const unavailable = error instanceof PharmacyUnavailableError;
        const asked = unavailable ? error.retryAfterMs : undefined;
        const failure = ApplicationFailure.create({
          type: unavailable ? 'PHARMACY_UNAVAILABLE' : 'INTERNAL',
          message: codeOf(error),
          nextRetryDelay: Math.max(asked ?? 0, backoffMs(attempt(), { initialMs, maxMs })),
        });
        failure.stack = [failure.message, ...framesOf(error)].join('\n');
        throw failure;
      }
    };
  }

  return {
    validateOrder: guarded(createValidateOrder(dependencies)),
    placeOrder: guarded(createPlaceOrder(dependencies)),
    lookForCompletion: guarded(createLookForCompletion(dependencies)),
    fetchDocuments: guarded(createFetchDocuments(dependencies)),
    cancelOrder: guarded(createCancelOrder(dependencies)),
    applyRepair: guarded(createApplyRepair(dependencies)),
    expireOrder: guarded(createExpireOrder(dependencies)),
  };
}
