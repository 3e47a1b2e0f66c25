import { refuseCancellation } from '../orders/cancellation.ts';
import type { OrderActivities } from '../workflows/order-activities.ts';
import type { OrderNewsActivities } from '../workflows/order-news-activities.ts';
import { afterLocal } from './after-local.ts';
import { createApplyRepair } from './apply-repair.ts';
import { createCancelOrder } from './cancel-order.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { createExpireOrder } from './expire-order.ts';
import { createFetchDocuments } from './fetch-documents.ts';
import { createFollowNews } from './follow-news.ts';
import { guardActivity, guardStep } from './guard-step.ts';
import { createPlaceOrder } from './place-order.ts';
import { createPollForCompletion } from './poll-for-completion.ts';
import { createValidateOrder } from './validate-order.ts';

/**
 * Creates the activities of the workflows `order` and `orderNews`. The property names are the activity types in
 * Temporal: histories carry them, so they never change.
 */
export function createActivities(
  dependencies: ActivityDependencies,
): OrderActivities & OrderNewsActivities {
  const { database } = dependencies;
  return {
    followNews: guardStep(dependencies, createFollowNews(dependencies), { isLate: true }),
    validateOrder: guardStep(dependencies, createValidateOrder(dependencies)),
    placeOrder: afterLocal(
      guardStep(dependencies, createPlaceOrder(dependencies), { from: 'PLACING' }),
    ),
    lookForCompletion: guardActivity(dependencies, createPollForCompletion(dependencies)),
    fetchDocuments: afterLocal(guardStep(dependencies, createFetchDocuments(dependencies))),
    cancelOrder: guardStep(dependencies, createCancelOrder(dependencies), {
      beforeGivingUp: (orderId, code) => refuseCancellation(database, orderId, code),
    }),
    applyRepair: guardActivity(dependencies, createApplyRepair(dependencies)),
    expireOrder: guardStep(dependencies, createExpireOrder(dependencies)),
  };
}
