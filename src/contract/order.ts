import { z } from 'zod';

/* Orders as the API shows them (api.md, "HTTP"). Times are RFC 3339 in UTC with milliseconds. */

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

export const orderStatus = z.enum(ORDER_STATUSES).meta({
  id: 'OrderStatus',
  description:
    'Where an order is. `COMPLETED`, `REJECTED`, `CANCELLED` and `EXPIRED` are ends; ' +
    '`NEEDS_ATTENTION` waits for a person.',
});

/** A point in time as every answer writes it. */
export const timestamp = z.iso.datetime({ precision: 3 }).meta({
  description: 'RFC 3339 in UTC with milliseconds.',
  example: '2026-01-31T09:30:00.000Z',
});

export const documentView = z
  .object({
    id: z.uuid(),
    name: z.string().meta({ description: 'The file name that the pharmacy gave it.' }),
    contentType: z.string().meta({ example: 'application/pdf' }),
    size: z.int().min(0).meta({ description: 'Bytes.' }),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .meta({ description: 'Of the bytes, in lower-case hex.' }),
    createdAt: timestamp,
  })
  .meta({ id: 'Document', description: 'A stored prescription document.' });

export const shipmentView = z
  .object({
    carrier: z.exactOptional(z.string()).meta({ description: 'Who carries it.' }),
    trackingId: z.string().meta({ description: 'The carrier’s number.' }),
    trackingUrl: z.exactOptional(z.string()).meta({ description: 'Where to follow it.' }),
    addedAt: timestamp,
  })
  .meta({ id: 'Shipment', description: 'A shipment that the pharmacy told of.' });

const summary = {
  id: z.uuid(),
  caseId: z.string().meta({ description: 'The case that it was placed for.' }),
  status: orderStatus,
  reasonCode: z
    .exactOptional(z.string())
    .meta({ description: 'Why the order is where it is, as a stable code.' }),
  reason: z.exactOptional(z.string()).meta({ description: 'The same in words.' }),
  pharmacyId: z.string().meta({ description: 'The target pharmacy.' }),
  pharmacyOrderId: z
    .string()
    .nullable()
    .meta({ description: 'The pharmacy’s own id of the order; null until it has the order.' }),
  idempotencyKey: z
    .string()
    .nullable()
    .meta({ description: 'The key that it was placed with; null without one.' }),
  createdAt: timestamp,
  updatedAt: timestamp,
};

export const orderSummary = z
  .object(summary)
  .meta({ id: 'OrderSummary', description: 'An order as it stands in a list.' });

export const orderView = z
  .object({ ...summary, documents: z.array(documentView), shipments: z.array(shipmentView) })
  .meta({ id: 'Order', description: 'An order with its documents and shipments.' });

export const activityView = z
  .object({
    id: z.string(),
    at: timestamp,
    actor: z.enum(['api', 'pharmacy', 'operator', 'system']).meta({ description: 'By whom.' }),
    event: z.string().meta({ description: 'What happened.', example: 'STATUS_CHANGED' }),
    fromStatus: z.exactOptional(orderStatus),
    toStatus: z.exactOptional(orderStatus),
    reasonCode: z.exactOptional(z.string()),
    detail: z
      .exactOptional(z.record(z.string(), z.unknown()))
      .meta({ description: 'What else is known of the change.' }),
  })
  .meta({ id: 'Activity', description: 'One change on the timeline of an order.' });

/** The state of an order on the wire. */
export type OrderStatus = z.output<typeof orderStatus>;

/** An order as the API shows it (api.md, `GET …/orders/:orderId`). */
export type OrderView = Readonly<z.output<typeof orderView>>;

/** An order as it stands in a list. */
export type OrderSummary = Readonly<z.output<typeof orderSummary>>;

/** A stored prescription document (api.md, `GET …/documents`). */
export type DocumentView = Readonly<z.output<typeof documentView>>;

/** A shipment that the pharmacy told of. */
export type ShipmentView = Readonly<z.output<typeof shipmentView>>;

/** One change of an order: what, when and by whom (api.md, `GET …/activity`). */
export type ActivityView = Readonly<z.output<typeof activityView>>;

const nextCursor = z.string().nullable().meta({ description: 'Null at the end.' });

export const orderPage = z.object({ orders: z.array(orderSummary), nextCursor });
export const activityPage = z.object({ activity: z.array(activityView), nextCursor });
export const documentPage = z.object({ documents: z.array(documentView), nextCursor });

/** The `data` of a list of orders, the newest first. `nextCursor` is null at the end. */
export type OrderPage = Readonly<z.output<typeof orderPage>>;

/** The `data` of an order's timeline, the oldest entry first. */
export type ActivityPage = Readonly<z.output<typeof activityPage>>;
