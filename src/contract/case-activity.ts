import { z } from 'zod';
import { caseAttachment } from './customer-case-detail.ts';
import { timestamp } from './order.ts';

/*
 * Case-activity notifications to the organization (api.md, "Notifications to the organization").
 * The body follows the original's case webhooks, so that a handler written for them works unchanged.
 */

const activityOrder = z
  .object({
    id: z.uuid(),
    status: z.string().meta({ description: 'Where the order is.', example: 'COMPLETED' }),
    message: z.string().meta({ description: 'The same in words.' }),
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

export const orderCreatedEvent = z
  .object({ event: z.literal('ORDER_CREATED'), order: activityOrder, payload })
  .meta({ id: 'OrderCreated', description: 'The pharmacy has the order.' });

export const orderStatusChangedEvent = z
  .object({ event: z.literal('ORDER_STATUS_CHANGED'), order: activityOrder, payload })
  .meta({ id: 'OrderStatusChanged', description: 'The order has ended, or needs attention.' });

export const orderTrackingAddedEvent = z
  .object({
    event: z.literal('ORDER_TRACKING_ADDED'),
    order: activityOrder.extend({
      trackingId: z.string().meta({ description: 'The carrier’s number.' }),
    }),
    payload,
  })
  .meta({ id: 'OrderTrackingAdded', description: 'The pharmacy told of a shipment.' });

export const addCaseAttachmentEvent = z
  .object({
    event: z.literal('ADD_CASE_ATTACHMENT'),
    order: activityOrder,
    payload: payload.extend({ attachment: caseAttachment }),
  })
  .meta({ id: 'AddCaseAttachment', description: 'A prescription document is stored.' });

/** What every one of these events is: told apart by `event`. */
export type OrderEvent = Readonly<
  | z.output<typeof orderCreatedEvent>
  | z.output<typeof orderStatusChangedEvent>
  | z.output<typeof orderTrackingAddedEvent>
  | z.output<typeof addCaseAttachmentEvent>
>;
