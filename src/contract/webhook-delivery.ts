import { z } from 'zod';
import { EVENT_NAMES } from './case-activity.ts';
import { object, oneOf, text } from './fields.ts';
import { timestamp } from './order.ts';
import { page } from './order-query.ts';

/* What was sent to the endpoints of an organization (api.md, `/api/v1/webhook-deliveries`). */

/** Where a delivery is. */
export const DELIVERY_STATUSES = ['PENDING', 'RETRYING', 'DELIVERED', 'DEAD', 'CANCELLED'] as const;

/** What can be delivered: the events, and what tries an endpoint. */
export const DELIVERED_EVENTS = [...EVENT_NAMES, 'PING'] as const;

/** The query of `GET /api/v1/webhook-deliveries`. */
export const deliveriesQuery = object({
  endpointId: z
    .exactOptional(text())
    .meta({ description: 'Only deliveries to this endpoint, also one that is deleted.' }),
  status: z
    .exactOptional(oneOf(DELIVERY_STATUSES))
    .meta({ description: 'Only deliveries in this status.' }),
  event: z
    .exactOptional(oneOf(DELIVERED_EVENTS))
    .meta({ description: 'Only deliveries of this event.' }),
  orderId: z.exactOptional(text()).meta({ description: 'Only what tells of this order.' }),
  ...page,
});

const attemptView = z
  .object({
    at: timestamp,
    status: z
      .int()
      .nullable()
      .meta({ description: 'The HTTP status of the answer; null: there was none.' }),
    durationMs: z.int().meta({ description: 'From the look-up of the name on.' }),
    errorClass: z.string().nullable().meta({
      description: 'Why it is no success, as a stable code; null: it is one.',
      example: 'timeout',
    }),
    answerStart: z.exactOptional(z.string()).meta({
      description:
        'How the answer’s body begins, with controls made harmless; without an answer, why there was none.',
    }),
    nextAttemptAt: timestamp.nullable().meta({ description: 'What was planned then.' }),
  })
  .meta({ id: 'WebhookAttempt', description: 'One request to an endpoint.' });

export const deliveryView = z
  .object({
    id: z.uuid().meta({ description: 'The `webhook-id` of every attempt.' }),
    endpointId: z.uuid(),
    event: z.enum(DELIVERED_EVENTS),
    eventId: z.uuid().nullable().meta({ description: 'The `id` in the list of events.' }),
    orderId: z.uuid().nullable().meta({ description: 'Null: it tells of no order.' }),
    status: z.enum(DELIVERY_STATUSES).meta({
      description:
        '`PENDING` and `RETRYING` are open: an attempt is to come. `DEAD`: it was given up; it can ' +
        'be replayed. `CANCELLED`: its endpoint was deleted.',
    }),
    attempts: z.array(attemptView).meta({ description: 'The newest 50, oldest first.' }),
    nextAttemptAt: timestamp.nullable(),
    deliveredAt: timestamp.nullable(),
    createdAt: timestamp,
  })
  .meta({ id: 'WebhookDelivery', description: 'One event on its way to one endpoint.' });

export const deliveryPage = z
  .object({
    deliveries: z.array(deliveryView),
    nextCursor: z.string().nullable().meta({ description: 'Null on the last page.' }),
  })
  .meta({ id: 'WebhookDeliveryPage' });

/** Which deliveries, and which page of them. */
export type DeliveriesQuery = z.output<typeof deliveriesQuery>;

/** A delivery as the API shows it. */
export type DeliveryView = z.output<typeof deliveryView>;

/** A page of deliveries. */
export type DeliveryPage = z.output<typeof deliveryPage>;
