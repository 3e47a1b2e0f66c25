/** The workflow type's name on the wire. Open deliveries carry it: it never changes. */
export const WEBHOOK_DELIVERY_WORKFLOW = 'webhookDelivery';

/** The workflow id of a delivery. */
export function webhookDeliveryWorkflowId(deliveryId: string): string {
  return `webhook-delivery-${deliveryId}`;
}

/** The task queue of deliveries, beside that of orders: endpoints that hang hold up no order. */
export function webhookTaskQueue(taskQueue: string): string {
  return `${taskQueue}-webhooks`;
}

/** What a delivery's workflow is started with: an id only. */
export interface WebhookDeliveryInput {
  readonly deliveryId: string;
}

/**
 * How a delivery's workflow ended. `dead`: the whole schedule failed. `held`: its endpoint takes
 * nothing now, and the delivery waits in Postgres. `cancelled`: its endpoint was deleted.
 */
export type DeliveryOutcome = 'delivered' | 'dead' | 'held' | 'cancelled';
