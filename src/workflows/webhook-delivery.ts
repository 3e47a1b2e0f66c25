import { CancellationScope, proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import type { WebhookDeliveryActivities } from './webhook-delivery-activities.ts';
import type { DeliveryOutcome, WebhookDeliveryInput } from './webhook-delivery-messages.ts';

// These retry options only cover attempts whose worker died. Every other failed attempt carries its own
// delay (`nextRetryDelay`), from the delivery schedule.
const { deliverWebhook } = proxyActivities<WebhookDeliveryActivities>({
  startToCloseTimeout: '2m',
  heartbeatTimeout: '10s',
  retry: { initialInterval: '1s', maximumInterval: '1m' },
});

const ENDS: Readonly<Record<DeliveryOutcome, string>> = {
  delivered: 'The endpoint accepted it.',
  dead: 'Every attempt of the schedule failed, or the endpoint answered 410. It can be replayed.',
  held: 'The endpoint is paused or disabled. The delivery waits in Postgres until it is enabled.',
  cancelled: 'The endpoint was deleted.',
};

/** Retries the delivery of one event to one endpoint, after its first attempt failed. */
export async function webhookDelivery({
  deliveryId,
}: WebhookDeliveryInput): Promise<DeliveryOutcome> {
  setCurrentDetails('**Retrying.** The pending activity’s last failure says what and when.');
  // A cancel request from the Temporal UI would leave the delivery open, with nothing to continue it.
  const outcome = await CancellationScope.nonCancellable(() => deliverWebhook(deliveryId));
  setCurrentDetails(`**${outcome}**\n\n${ENDS[outcome]}`);
  return outcome;
}
