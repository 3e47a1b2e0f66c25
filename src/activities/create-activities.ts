import { ApplicationFailure } from '@temporalio/common';
import { attempt, withHeartbeat } from '../temporal/activity-context.ts';
import type { OrderActivities } from '../workflows/order-activities.ts';
import { createApplyRepair } from './apply-repair.ts';
import { createCancelOrder } from './cancel-order.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { createExpireOrder } from './expire-order.ts';
import { createFetchDocuments } from './fetch-documents.ts';
import { retryableFailure } from './pharmacy-retry-policy.ts';
import { createPlaceOrder } from './place-order.ts';
import { createPollForCompletion } from './poll-for-completion.ts';
import { createValidateOrder } from './validate-order.ts';

/**
 * Creates the activities of the order workflow. The property names are the activity types in
 * Temporal: histories carry them, so they never change.
 */
export function createActivities(dependencies: ActivityDependencies): OrderActivities {
  /**
   * Makes an activity heartbeat, and fail as pharmacy-retry-policy.ts says. An `ApplicationFailure`
   * passes unchanged: the activity chose its own delay, or must not be retried.
   */
  function guarded<Args extends unknown[], R>(
    run: (...args: Args) => Promise<R>,
  ): (...args: Args) => Promise<R> {
    return async (...args) => {
      try {
        return await withHeartbeat(() => run(...args));
      } catch (error) {
        if (error instanceof ApplicationFailure) throw error;
        throw retryableFailure(error, attempt(), dependencies.settings);
      }
    };
  }

  return {
    validateOrder: guarded(createValidateOrder(dependencies)),
    placeOrder: guarded(createPlaceOrder(dependencies)),
    lookForCompletion: guarded(createPollForCompletion(dependencies)),
    fetchDocuments: guarded(createFetchDocuments(dependencies)),
    cancelOrder: guarded(createCancelOrder(dependencies)),
    applyRepair: guarded(createApplyRepair(dependencies)),
    expireOrder: guarded(createExpireOrder(dependencies)),
  };
}
