import { z } from 'zod';
import { caseAttachment } from './customer-case-detail.ts';
import { timestamp } from './order.ts';

/*
 * Case-activity notifications to the organization (docs/webhooks.md, "Events"). The
 * body has the format of the original API's case webhooks, so a handler written for them works
 * unchanged.
 */

const activityOrder = z
  .object({
    id: z.uuid(),
    status: z.string().meta({ description: 'The status of the order.', example: 'COMPLETED' }),
    message: z.string().meta({ description: 'The status in words.' }),
    createdAt: timestamp,
  })
  .meta({ id: 'CaseActivityOrder', description: 'The order that an event is about.' });

const caseInFull = z
  .object({
    id: z.string(),
    status: z.string().meta({ description: 'The status of the case’s newest order.' }),
    createdAt: timestamp,
    updatedAt: timestamp,
    orders: z
      .exactOptional(z.array(activityOrder))
      .meta({ description: 'With `payloadMode: "full"`.' }),
    attachments: z
      .exactOptional(z.array(caseAttachment))
      .meta({ description: 'With `payloadMode: "full"`.' }),
  })
  .meta({ id: 'CaseActivityCase', description: 'The case that an event is about.' });

const payload = z.object({ case: caseInFull });

/** An addition to the original API. Handlers written for that API ignore it. */
const sequence = z.int().min(1).meta({
  description:
    'Numbers the events of one order from 1 without gaps, so that a receiver can sort them.',
});

export const orderCreatedEvent = z
  .object({ event: z.literal('ORDER_CREATED'), order: activityOrder, payload, sequence })
  .meta({ id: 'OrderCreated', description: 'The pharmacy has the order.' });

export const orderStatusChangedEvent = z
  .object({ event: z.literal('ORDER_STATUS_CHANGED'), order: activityOrder, payload, sequence })
  .meta({ id: 'OrderStatusChanged', description: 'The order has ended or needs attention.' });

export const orderTrackingAddedEvent = z
  .object({
    event: z.literal('ORDER_TRACKING_ADDED'),
    order: activityOrder.extend({
      trackingId: z.string().meta({ description: 'The carrier’s number.' }),
    }),
    payload,
    sequence,
  })
  .meta({ id: 'OrderTrackingAdded', description: 'The pharmacy reported a shipment.' });

export const addCaseAttachmentEvent = z
  .object({
    event: z.literal('ADD_CASE_ATTACHMENT'),
    order: activityOrder,
    payload: payload.extend({ attachment: caseAttachment }),
    sequence,
  })
  .meta({ id: 'AddCaseAttachment', description: 'A prescription document is stored.' });

export const deleteAttachmentEvent = z
  .object({
    event: z.literal('DELETE_ATTACHMENT'),
    order: activityOrder,
    payload: payload.extend({ attachment: caseAttachment.omit({ url: true, content: true }) }),
    sequence,
  })
  .meta({ id: 'DeleteAttachment', description: 'The pharmacy withdrew a document.' });

export const endpointDisabledEvent = z
  .object({
    event: z.literal('ENDPOINT_DISABLED'),
    payload: z.object({
      endpoint: z.object({
        id: z.uuid(),
        url: z.string(),
        reason: z
          .string()
          .meta({ description: 'The reason, as a stable code.', example: 'ANSWERED_GONE' }),
      }),
    }),
  })
  .meta({
    id: 'EndpointDisabled',
    description: 'Another webhook endpoint of the organization was disabled.',
  });

/** An event, as webhooks carry it and `GET /api/v1/events` lists it. */
export const caseEvent = z.discriminatedUnion('event', [
  orderCreatedEvent,
  orderStatusChangedEvent,
  orderTrackingAddedEvent,
  addCaseAttachmentEvent,
  deleteAttachmentEvent,
  endpointDisabledEvent,
]);

/** The body of a notification. */
export type CaseEvent = Readonly<z.output<typeof caseEvent>>;

export const pingEvent = z
  .object({
    event: z.literal('PING'),
    payload: z.object({ endpoint: z.object({ id: z.uuid() }) }),
  })
  .meta({ id: 'Ping', description: 'Sent on request, to test an endpoint. Nothing has happened.' });

/** The body of a test request to an endpoint. */
export type PingEvent = Readonly<z.output<typeof pingEvent>>;

export const EVENT_NAMES = [
  'ORDER_CREATED',
  'ORDER_STATUS_CHANGED',
  'ORDER_TRACKING_ADDED',
  'ADD_CASE_ATTACHMENT',
  'DELETE_ATTACHMENT',
  'ENDPOINT_DISABLED',
] as const;

/** The name of an event. */
export type EventName = (typeof EVENT_NAMES)[number];

/** The fields that the list adds to each event. */
const listed = {
  id: z.uuid().meta({ description: 'The id of the event.' }),
  cursor: z.string().meta({ description: 'Pass it as `after` to continue after this event.' }),
  createdAt: timestamp,
};

export const eventPage = z
  .object({
    events: z.array(
      z.union([
        orderCreatedEvent.extend(listed),
        orderStatusChangedEvent.extend(listed),
        orderTrackingAddedEvent.extend(listed),
        addCaseAttachmentEvent.extend(listed),
        deleteAttachmentEvent.extend(listed),
        endpointDisabledEvent.extend(listed),
      ]),
    ),
    nextCursor: z.string().nullable().meta({
      description:
        'Null when there are no more events now. Continue later with the last event’s `cursor`.',
    }),
  })
  .meta({ id: 'EventPage' });

/** A page of events. */
export type EventPage = z.output<typeof eventPage>;
