import type { DeliveryOutcome } from './webhook-delivery-messages.ts';

/** The activity of a delivery. */
export interface WebhookDeliveryActivities {
  /**
   * Attempts the delivery until it ends. Between two attempts it fails with a retryable error that names
   * the delay, so that days of waiting add no history.
   */
  deliverWebhook(deliveryId: string): Promise<DeliveryOutcome>;
}
