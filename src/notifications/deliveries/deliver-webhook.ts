import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { backoffMs } from '../../lib/backoff.ts';
import { codeOf, framesOf } from '../../lib/safe-error.ts';
import { abortSignal, attempt, withHeartbeat } from '../../temporal/activity-context.ts';
import type { WebhookDeliveryActivities } from '../../workflows/webhook-delivery-activities.ts';
import type { DeliveryOutcome } from '../../workflows/webhook-delivery-messages.ts';
import { describeOutcome } from '../attempt-outcome.ts';
import { type Attempted, attemptDelivery, type DeliveryDependencies } from './attempt-delivery.ts';
import { beginAttempt } from './begin-attempt.ts';
import type { Lease } from './delivery.ts';

/** After a fault of ours, such as Postgres being away. */
const BACKOFF = { initialMs: 1_000, maxMs: 60_000 };
/** After another attempt was recorded in this one's place. */
const SUPERSEDED_MS = 1_000;

/** Builds the activity of deliveries' workflows; see {@link WebhookDeliveryActivities}. */
export function createDeliveryActivities(
  dependencies: DeliveryDependencies,
  leaseMs: number,
): WebhookDeliveryActivities {
  const most = dependencies.settings.retryScheduleMs.length + 1;

  async function deliverWebhook(deliveryId: string): Promise<DeliveryOutcome> {
    const begun = await beginAttempt(dependencies.database, deliveryId, leaseMs);
    switch (begun.kind) {
      case 'ended':
        return begun.outcome;
      case 'held':
        return 'held';
      case 'wait':
        throw comeBack(begun.why === 'busy' ? 'BUSY' : 'NOT_DUE', begun.why, begun.waitMs);
      case 'begun':
        return follow(
          begun.lease,
          await attemptDelivery(dependencies, begun.lease, true, abortSignal()),
        );
    }
  }

  function follow(lease: Lease, { outcome, recorded }: Attempted): DeliveryOutcome {
    switch (recorded.status) {
      case 'DELIVERED':
        return 'delivered';
      case 'DEAD':
        return 'dead';
      case 'CANCELLED':
        return 'cancelled';
      case 'SUPERSEDED':
        throw comeBack('SUPERSEDED', 'another attempt came before it', SUPERSEDED_MS);
      case 'RETRYING': {
        const { nextAttemptAt } = recorded;
        const words = `${describeOutcome(outcome)}, attempt ${lease.attempts + 1} of ${most}`;
        throw comeBack(
          'NOT_DELIVERED',
          `${words}, next at ${nextAttemptAt.toISOString()}`,
          nextAttemptAt.getTime() - Date.now(),
        );
      }
    }
  }

  return {
    async deliverWebhook(deliveryId) {
      try {
        return await withHeartbeat(() => deliverWebhook(deliveryId));
      } catch (error) {
        if (error instanceof ApplicationFailure) throw error;
        // Codes only: a message may quote what Postgres was given.
        const failure = ApplicationFailure.create({
          type: 'INTERNAL',
          message: codeOf(error),
          nextRetryDelay: backoffMs(attempt(), BACKOFF),
        });
        failure.stack = [failure.message, ...framesOf(error)].join('\n');
        throw failure;
      }
    },
  };
}

/** Expected, so it is no warning in the worker's log. */
function comeBack(type: string, message: string, waitMs: number): ApplicationFailure {
  const failure = ApplicationFailure.create({
    type,
    message,
    nextRetryDelay: Math.max(1, Math.round(waitMs)),
    category: ApplicationFailureCategory.BENIGN,
  });
  // The same each time; it says nothing, and it is kept with the failure.
  failure.stack = message;
  return failure;
}
