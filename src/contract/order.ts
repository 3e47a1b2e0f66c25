import { z } from 'zod';

/* Orders as the API shows them (docs/api.md, "The HTTP API"). Times are RFC 3339 in UTC with milliseconds. */

/** The states of an order on the wire (docs/architecture.md, "The life of an order"). */
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
    'The status of an order. `COMPLETED`, `REJECTED`, `CANCELLED` and `EXPIRED` are ends. ' +
    '`NEEDS_ATTENTION` waits for an operator, also after an end that the pharmacy contradicts later.',
});

/** A point in time, in the format of every answer. */
export const timestamp = z.iso.datetime({ precision: 3 }).meta({
  description: 'RFC 3339 in UTC with milliseconds.',
  example: '2026-01-31T09:30:00.000Z',
});

export const documentView = z
  .object({
    id: z.uuid(),
    name: z.string().meta({ description: 'The file name that the pharmacy chose.' }),
    contentType: z.string().meta({ example: 'application/pdf' }),
    size: z.int().min(0).meta({ description: 'The size in bytes.' }),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .meta({ description: 'The SHA-256 of the bytes, in lower-case hex.' }),
    version: z.int().min(1).meta({ description: 'Counts the changes of the document, from 1.' }),
    supersedes: z.exactOptional(z.uuid()).meta({ description: 'The id of the version before.' }),
    deletedAt: z
      .exactOptional(timestamp)
      .meta({ description: 'When the pharmacy withdrew the document.' }),
    createdAt: timestamp,
  })
  .meta({ id: 'Document', description: 'A stored prescription document.' });

export const shipmentView = z
  .object({
    carrier: z.exactOptional(z.string()).meta({ description: 'The carrier.' }),
    trackingId: z.string().meta({ description: 'The carrier’s tracking number.' }),
    trackingUrl: z.exactOptional(z.string()).meta({ description: 'The carrier’s tracking page.' }),
    addedAt: timestamp,
  })
  .meta({ id: 'Shipment', description: 'A shipment that the pharmacy reported.' });

const delay = z
  .object({
    code: z
      .string()
      .meta({ description: 'Why the last attempt failed.', example: 'PHARMACY_TIMEOUT' }),
    since: timestamp,
    attempts: z.int().min(1).meta({ description: 'Failed attempts in a row.' }),
    nextAttemptAt: timestamp,
  })
  .meta({
    id: 'Delay',
    description: 'A step of the order that has been failing for more than a minute.',
  });

const summary = {
  id: z.uuid(),
  caseId: z.string().meta({ description: 'The case of the order.' }),
  status: orderStatus,
  reasonCode: z
    .exactOptional(z.string())
    .meta({ description: 'The reason for the status, as a stable code.' }),
  reason: z.exactOptional(z.string()).meta({ description: 'The reason in words.' }),
  pharmacyId: z.string().meta({ description: 'The pharmacy of the order.' }),
  pharmacyOrderId: z.string().nullable().meta({
    description: 'The pharmacy’s id of the order. Null until the pharmacy has the order.',
  }),
  idempotencyKey: z
    .string()
    .nullable()
    .meta({ description: 'The idempotency key of the order. Null without one.' }),
  createdAt: timestamp,
  updatedAt: timestamp,
  delay: z.exactOptional(delay),
  unreadable: z.exactOptional(z.literal(true)).meta({
    description:
      'The stored data of the order was damaged, so some texts are missing. Its operator has to restore it.',
  }),
};

export const orderSummary = z
  .object(summary)
  .meta({ id: 'OrderSummary', description: 'An order, as lists show it.' });

export const orderView = z
  .object({ ...summary, documents: z.array(documentView), shipments: z.array(shipmentView) })
  .meta({ id: 'Order', description: 'An order with its documents and shipments.' });

export const activityView = z
  .object({
    id: z.string(),
    at: timestamp,
    actor: z
      .enum(['api', 'pharmacy', 'operator', 'system'])
      .meta({ description: 'Who made the change.' }),
    event: z.string().meta({ description: 'What happened.', example: 'STATUS_CHANGED' }),
    fromStatus: z.exactOptional(orderStatus),
    toStatus: z.exactOptional(orderStatus),
    reasonCode: z.exactOptional(z.string()),
    detail: z
      .exactOptional(z.record(z.string(), z.unknown()))
      .meta({ description: 'Further details of the change.' }),
  })
  .meta({ id: 'Activity', description: 'One entry of an order’s timeline.' });

/** The status of an order on the wire. */
export type OrderStatus = z.output<typeof orderStatus>;

/** An order as the API shows it (docs/api.md, "The HTTP API"). */
export type OrderView = Readonly<z.output<typeof orderView>>;

/** An order, as lists show it. */
export type OrderSummary = Readonly<z.output<typeof orderSummary>>;

/** A stored prescription document (docs/api.md, "Documents"). */
export type DocumentView = Readonly<z.output<typeof documentView>>;

/** A shipment that the pharmacy reported. */
export type ShipmentView = Readonly<z.output<typeof shipmentView>>;

/** One entry of an order's timeline: what happened, when, and who did it (docs/api.md, "The HTTP API"). */
export type ActivityView = Readonly<z.output<typeof activityView>>;

const nextCursor = z.string().nullable().meta({ description: 'Null on the last page.' });

export const orderPage = z.object({ orders: z.array(orderSummary), nextCursor });
export const activityPage = z.object({ activity: z.array(activityView), nextCursor });
export const documentPage = z.object({ documents: z.array(documentView), nextCursor });

/** The `data` of a list of orders, newest first. `nextCursor` is null on the last page. */
export type OrderPage = Readonly<z.output<typeof orderPage>>;

/** The `data` of an order's timeline, oldest entry first. */
export type ActivityPage = Readonly<z.output<typeof activityPage>>;
