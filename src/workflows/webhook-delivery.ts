import { CancellationScope, proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import type { WebhookDeliveryActivities } from './webhook-delivery-activities.ts';
import type { DeliveryOutcome, WebhookDeliveryInput } from './webhook-delivery-messages.ts';

// The activity says itself when to try again (`nextRetryDelay`); these intervals are for attempts that
// end without a word, such as a killed worker's.
const { deliverWebhook } = proxyActivities<WebhookDeliveryActivities>({
  startToCloseTimeout: '2m',
  heartbeatTimeout: '10s',
  retry: { initialInterval: '1s', maximumInterval: '1m' },
});

const ENDS: Readonly<Record<DeliveryOutcome, string>> = {
  delivered: 'The endpoint has taken it.',
  dead: 'Every attempt of the schedule failed, or the endpoint is gone. It can be replayed.',
  held: 'The endpoint takes nothing now. The delivery waits in Postgres, and goes on when it does.',
  cancelled: 'The endpoint was deleted.',
};

/** The retries of one event's delivery to one endpoint; the first attempt came before it. */
export async function webhookDelivery({
  deliveryId,
}: WebhookDeliveryInput): Promise<DeliveryOutcome> {
  setCurrentDetails('**Retrying.** The pending activity’s last failure says what and when.');
  // A cancel request of the Temporal UI would leave the delivery open with nobody on it.
  const outcome = await CancellationScope.nonCancellable(() => deliverWebhook(deliveryId));
  setCurrentDetails(`**${outcome}**\n\n${ENDS[outcome]}`);
  return outcome;
}
