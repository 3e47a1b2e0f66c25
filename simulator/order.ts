/** The status of a pharmacy's order. */
export type OrderStatus = 'accepted' | 'in_progress' | 'completed' | 'rejected' | 'cancelled';

/** The steps of an order: a new status, or a tracking number. */
export type StepTarget = Exclude<OrderStatus, 'accepted'> | 'tracking';

/** A step that an order takes automatically. */
export interface PlannedStep {
  readonly to: StepTarget;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** A parcel's tracking number. */
export interface Tracking {
  readonly trackingId: string;
  readonly carrier: string;
  readonly trackingUrl: string;
}

/** An order of a pharmacy. */
export interface Order {
  readonly pharmacyId: string;
  /** The pharmacy's own id. */
  readonly id: string;
  /** The client's reference. */
  readonly reference: string;
  readonly idempotencyKey: string;
  readonly status: OrderStatus;
  readonly reason?: string | undefined;
  readonly tracking?: Tracking | undefined;
  /** RFC 3339, UTC. */
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly plan: readonly PlannedStep[];
  /** The unchanged body of the POST. The documents are made from it. */
  readonly body: unknown;
}

/** The event of a webhook. */
export type WebhookType =
  | 'order.completed'
  | 'order.rejected'
  | 'order.cancelled'
  | 'order.tracking_added';

/** One copy of a webhook that needs a delivery. */
export interface Delivery {
  readonly id: string;
  /** The same for all copies of one event. */
  readonly webhookId: string;
  readonly pharmacyId: string;
  readonly reference: string;
  readonly type: WebhookType;
  /** The signed and sent JSON. */
  readonly body: string;
  /** Milliseconds since the epoch. */
  readonly dueAt: number;
}

/** Whether only a tracking number can still follow. */
export function hasEnded({ status }: Order): boolean {
  return status === 'completed' || status === 'rejected' || status === 'cancelled';
}
