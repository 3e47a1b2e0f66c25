import type { DeliveryOutcome } from './webhook-delivery-messages.ts';

/** The activity of a delivery, as its workflow sees it. */
export interface WebhookDeliveryActivities {
  /**
   * Makes the delivery's next attempts until it comes to an end. Between two it fails with a retryable
   * error and the time of the next, so that days of waiting add no history.
   */
  deliverWebhook(deliveryId: string): Promise<DeliveryOutcome>;
}
