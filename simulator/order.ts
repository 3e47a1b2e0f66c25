/** Where an order of a pharmacy stands. */
export type OrderStatus = 'accepted' | 'in_progress' | 'completed' | 'rejected' | 'cancelled';

/** What can be done to an order: a new status, or a tracking number. */
export type StepTarget = Exclude<OrderStatus, 'accepted'> | 'tracking';

/** A step that an order takes by itself. */
export interface PlannedStep {
  readonly to: StepTarget;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** A parcel's number. */
export interface Tracking {
  readonly trackingId: string;
  readonly carrier: string;
  readonly trackingUrl: string;
}

/** An order as the pharmacy has it. */
export interface Order {
  readonly pharmacyId: string;
  /** The pharmacy's own. */
  readonly id: string;
  /** The client's. */
  readonly reference: string;
  readonly idempotencyKey: string;
  readonly status: OrderStatus;
  readonly reason?: string | undefined;
  readonly tracking?: Tracking | undefined;
  /** RFC 3339, UTC. */
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly plan: readonly PlannedStep[];
  /** The body that placed it, as it came; the documents are made from it. */
  readonly body: unknown;
}

/** What a webhook tells. */
export type WebhookType =
  | 'order.completed'
  | 'order.rejected'
  | 'order.cancelled'
  | 'order.tracking_added';

/** One copy of a webhook on its way. */
export interface Delivery {
  readonly id: string;
  /** The same for all copies of one event. */
  readonly webhookId: string;
  readonly pharmacyId: string;
  readonly reference: string;
  readonly type: WebhookType;
  /** JSON, as it is signed and sent. */
  readonly body: string;
  /** Milliseconds since the epoch. */
  readonly dueAt: number;
}

/** Whether nothing but a tracking number can come any more. */
export function hasEnded({ status }: Order): boolean {
  return status === 'completed' || status === 'rejected' || status === 'cancelled';
}
