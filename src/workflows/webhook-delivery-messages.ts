/** The workflow type's name in Temporal. Open deliveries carry it, so it never changes. */
export const WEBHOOK_DELIVERY_WORKFLOW = 'webhookDelivery';

/** The workflow id of a delivery. */
export function webhookDeliveryWorkflowId(deliveryId: string): string {
  return `webhook-delivery-${deliveryId}`;
}

/** The task queue of deliveries, separate from that of orders: hanging endpoints delay no order. */
export function webhookTaskQueue(taskQueue: string): string {
  return `${taskQueue}-webhooks`;
}

/** The input of a delivery workflow: an id only. */
export interface WebhookDeliveryInput {
  readonly deliveryId: string;
}

/**
 * How a delivery workflow ended. `dead`: the whole schedule failed. `held`: the endpoint is paused or
 * disabled, and the delivery waits in Postgres. `cancelled`: the endpoint was deleted.
 */
export type DeliveryOutcome = 'delivered' | 'dead' | 'held' | 'cancelled';
