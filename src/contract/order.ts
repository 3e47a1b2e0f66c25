/** The states of an order on the wire (api.md, "Order `status` on the wire"). */
export const ORDER_STATUSES = [
  'ACCEPTED',
  'PLACING',
  'AWAITING_COMPLETION',
  'FETCHING_DOCUMENTS',
  'COMPLETED',
  'REJECTED',
  'CANCELLED',
  'EXPIRED',
  'NEEDS_ATTENTION',
] as const;

/** The state of an order on the wire. */
export type OrderStatus = (typeof ORDER_STATUSES)[number];

/** An order as the API shows it (api.md, `GET …/orders/:orderId`). Times are RFC 3339, UTC. */
export interface OrderView {
  readonly id: string;
  readonly caseId: string;
  readonly status: OrderStatus;
  readonly pharmacyId: string;
  /** The pharmacy's own id of the order; null until the pharmacy has it. */
  readonly pharmacyOrderId: string | null;
  readonly idempotencyKey: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** Why the order is where it is, in words. */
  readonly reason?: string;
  /** The same as a stable code, e.g. `PHARMACY_UNKNOWN`. */
  readonly reasonCode?: string;
  readonly documents: readonly DocumentView[];
  readonly shipments: readonly ShipmentView[];
}

/** A stored prescription document (api.md, `GET …/documents`). */
export interface DocumentView {
  readonly id: string;
  readonly name: string;
  readonly contentType: string;
  /** Bytes. */
  readonly size: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
  readonly createdAt: string;
}

/** A shipment that the pharmacy told of. */
export interface ShipmentView {
  readonly carrier?: string;
  readonly trackingId: string;
  readonly trackingUrl?: string;
  readonly addedAt: string;
}

/** Who changed an order. */
export type ActivityActor = 'api' | 'pharmacy' | 'operator' | 'system';

/** One entry of an order's timeline (api.md, `GET …/orders/:orderId/activity`). */
export interface ActivityView {
  readonly id: string;
  readonly at: string;
  readonly actor: ActivityActor;
  /** A stable code, e.g. `STATUS_CHANGED`. */
  readonly event: string;
  readonly fromStatus?: OrderStatus;
  readonly toStatus?: OrderStatus;
  /** A stable code, e.g. `PHARMACY_UNKNOWN`. */
  readonly reasonCode?: string;
  /** What belongs to this kind of event, e.g. a tracking number. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** An order in a list: what belongs to it is read one by one. */
export type OrderSummary = Omit<OrderView, 'documents' | 'shipments'>;

/** The `data` of a list of orders. `nextCursor` is null at the end. */
export interface OrderPage {
  readonly orders: readonly OrderSummary[];
  readonly nextCursor: string | null;
}

/** The `data` of an order's timeline, the oldest entry first. */
export interface ActivityPage {
  readonly activity: readonly ActivityView[];
  readonly nextCursor: string | null;
}

/** The `data` of a list of documents. */
export interface DocumentPage {
  readonly documents: readonly DocumentView[];
  readonly nextCursor: string | null;
}
