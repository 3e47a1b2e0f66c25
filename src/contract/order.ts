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
