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

/** Waits after an internal error, e.g. when Postgres is unreachable. */
const BACKOFF = { initialMs: 1_000, maxMs: 60_000 };
/** Wait after another attempt was recorded instead of this one. */
const SUPERSEDED_MS = 1_000;

/** Creates the activity that delivery workflows call; see {@link WebhookDeliveryActivities}. */
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
        throw retryLater(begun.why === 'busy' ? 'BUSY' : 'NOT_DUE', begun.why, begun.waitMs);
      case 'begun':
        return toOutcome(
          begun.lease,
          await attemptDelivery(dependencies, begun.lease, true, abortSignal()),
        );
    }
  }

  function toOutcome(lease: Lease, { outcome, recorded }: Attempted): DeliveryOutcome {
    switch (recorded.status) {
      case 'DELIVERED':
        return 'delivered';
      case 'DEAD':
        return 'dead';
      case 'CANCELLED':
        return 'cancelled';
      case 'SUPERSEDED':
        throw retryLater('SUPERSEDED', 'another attempt was recorded first', SUPERSEDED_MS);
      case 'RETRYING': {
        // `nextAttemptAt` is by Postgres's clock, so it cannot be compared with this worker's.
        const { nextAttemptAt, delayMs } = recorded;
        const attempted = `${describeOutcome(outcome)}, attempt ${lease.attempts + 1} of ${most}`;
        throw retryLater(
          'NOT_DELIVERED',
          `${attempted}, next at ${nextAttemptAt.toISOString()}`,
          delayMs,
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
        // Codes only: a message of Postgres may quote the query's values.
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

/** Makes Temporal retry the activity after a wait. It is expected, so the worker logs no warning. */
function retryLater(type: string, message: string, waitMs: number): ApplicationFailure {
  const failure = ApplicationFailure.create({
    type,
    message,
    nextRetryDelay: Math.max(1, Math.round(waitMs)),
    category: ApplicationFailureCategory.BENIGN,
  });
  // The stack is always the same and says nothing, but Temporal would store it.
  failure.stack = message;
  return failure;
}
