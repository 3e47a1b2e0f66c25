/** The status of a pharmacy's order. */
export type OrderStatus = 'accepted' | 'in_progress' | 'completed' | 'rejected' | 'cancelled';

/** The steps of an order: a new status, a tracking number, or a change of its documents. */
export type StepTarget = Exclude<OrderStatus, 'accepted'> | 'tracking' | 'documents';

/**
 * The documents of a completed order, in the order in which they can follow each other. `corrected`: the
 * prescription has other bytes under the same id, and the label is withdrawn.
 */
export const OFFERS = ['none', 'first', 'all', 'corrected'] as const;

/** Which documents a completed order has. */
export type Offers = (typeof OFFERS)[number];

/** A step that an order takes automatically. */
export interface PlannedStep {
  readonly to: StepTarget;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Whether the step contradicts an earlier end. */
  readonly late?: boolean;
  /** The documents from this step on. */
  readonly offers?: Offers;
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
  /** The documents of the completed order; all of them if it is missing. */
  readonly offers?: Offers;
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

/** Whether the order has its final status. Only a tracking number, documents or a contradiction can follow. */
export function hasEnded({ status }: Pick<Order, 'status'>): boolean {
  return status === 'completed' || status === 'rejected' || status === 'cancelled';
}

/** Whether an order will still take a planned step. */
export function isPending(order: Order, { to, late, offers = 'all' }: PlannedStep): boolean {
  if (to === 'documents') {
    const present = OFFERS.indexOf(order.offers ?? 'all');
    return order.status === 'completed' && present < OFFERS.indexOf(offers);
  }
  if (late === true) return hasEnded(order) && order.status !== to;
  return !hasEnded(order) && (to !== 'tracking' || order.tracking === undefined);
}
