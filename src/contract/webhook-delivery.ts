import { z } from 'zod';
import { EVENT_NAMES } from './case-activity.ts';
import { objectWithBlanks, oneOf, text } from './fields.ts';
import { timestamp } from './order.ts';
import { page } from './order-query.ts';

/* The log of deliveries to an organization's endpoints (docs/webhooks.md, "When an attempt fails"). */

/** The statuses of a delivery. */
export const DELIVERY_STATUSES = ['PENDING', 'RETRYING', 'DELIVERED', 'DEAD', 'CANCELLED'] as const;

/** What can be delivered: the events, and the test of an endpoint. */
export const DELIVERED_EVENTS = [...EVENT_NAMES, 'PING'] as const;

/** The query of `GET /api/v1/webhook-deliveries`. */
export const deliveriesQuery = objectWithBlanks({
  endpointId: z
    .exactOptional(text())
    .meta({ description: 'Only deliveries to this endpoint, which may be deleted.' }),
  status: z
    .exactOptional(oneOf(DELIVERY_STATUSES))
    .meta({ description: 'Only deliveries in this status.' }),
  event: z
    .exactOptional(oneOf(DELIVERED_EVENTS))
    .meta({ description: 'Only deliveries of this event.' }),
  orderId: z.exactOptional(text()).meta({ description: 'Only deliveries about this order.' }),
  ...page,
});

const attemptView = z
  .object({
    at: timestamp,
    status: z
      .int()
      .nullable()
      .meta({ description: 'The HTTP status of the answer. Null: there was no answer.' }),
    durationMs: z.int().meta({ description: 'The duration, including the DNS lookup.' }),
    errorClass: z.string().nullable().meta({
      description: 'Why the attempt failed, as a stable code. Null: it succeeded.',
      example: 'timeout',
    }),
    answerStart: z.exactOptional(z.string()).meta({
      description:
        'The beginning of the answer’s body, with control characters escaped. Without an answer, why there was none.',
    }),
    nextAttemptAt: timestamp
      .nullable()
      .meta({ description: 'The time that was planned for the next attempt.' }),
  })
  .meta({ id: 'WebhookAttempt', description: 'One request to an endpoint.' });

export const deliveryView = z
  .object({
    id: z.uuid().meta({ description: 'The `webhook-id` of every attempt.' }),
    endpointId: z.uuid(),
    event: z.enum(DELIVERED_EVENTS),
    eventId: z.uuid().nullable().meta({ description: 'The `id` in the list of events.' }),
    orderId: z.uuid().nullable().meta({ description: 'Null: the event is not about an order.' }),
    status: z.enum(DELIVERY_STATUSES).meta({
      description:
        '`PENDING` and `RETRYING`: another attempt follows. `DEAD`: all attempts failed; it can be ' +
        'replayed. `CANCELLED`: its endpoint was deleted.',
    }),
    attempts: z.array(attemptView).meta({ description: 'The newest 50 attempts, oldest first.' }),
    nextAttemptAt: timestamp.nullable(),
    deliveredAt: timestamp.nullable(),
    createdAt: timestamp,
  })
  .meta({ id: 'WebhookDelivery', description: 'The delivery of one event to one endpoint.' });

export const deliveryPage = z
  .object({
    deliveries: z.array(deliveryView),
    nextCursor: z.string().nullable().meta({ description: 'Null on the last page.' }),
  })
  .meta({ id: 'WebhookDeliveryPage' });

/** Filters and page of the list of deliveries. */
export type DeliveriesQuery = z.output<typeof deliveriesQuery>;

/** A delivery, as the API shows it. */
export type DeliveryView = z.output<typeof deliveryView>;

/** A page of deliveries. */
export type DeliveryPage = z.output<typeof deliveryPage>;
