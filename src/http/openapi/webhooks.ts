import { z } from 'zod';
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject } from 'zod-openapi';
import {
  addCaseAttachmentEvent,
  deleteAttachmentEvent,
  endpointDisabledEvent,
  orderCreatedEvent,
  orderStatusChangedEvent,
  orderTrackingAddedEvent,
  pingEvent,
} from '../../contract/case-activity.ts';
import { failureBody, successBody } from '../../contract/envelope.ts';
import {
  ATTACHMENT_EXAMPLE,
  CASE_EXAMPLE,
  CREATE_ENDPOINT_EXAMPLE,
  ORDER_EVENT_EXAMPLE,
  WITHDRAWN_ATTACHMENT_EXAMPLE,
} from './examples.ts';

/* Webhooks that the server receives from pharmacies and sends to organizations. Clients call neither. */

/** The headers of Standard Webhooks. */
const standardWebhooks = z.object({
  'webhook-id': z.string().meta({
    description: 'The message’s id. It is the same in all attempts.',
    example: 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W',
  }),
  'webhook-timestamp': z
    .string()
    .regex(/^[0-9]+$/)
    .meta({
      description:
        'Unix time in seconds. Receivers refuse a message that is more than 5 minutes off.',
      example: '1769851800',
    }),
  'webhook-signature': z.string().meta({
    description:
      'One or more signatures `v1,<base64>`, separated by spaces: the HMAC-SHA256 of `<webhook-id>.<webhook-timestamp>.<body>`.',
    example: 'v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=',
  }),
});

const pharmacyMessage = z
  .object({
    type: z
      .enum(['order.completed', 'order.rejected', 'order.cancelled', 'order.tracking_added'])
      .meta({
        description: 'What happened. The server stores other types, and they change nothing.',
      }),
    data: z.object({
      id: z.string().meta({ description: 'The pharmacy’s id of the order.' }),
      reference: z.string().meta({ description: 'Our id of the order.' }),
      status: z.exactOptional(z.string()).meta({ description: 'The pharmacy’s status.' }),
      trackingId: z
        .exactOptional(z.string())
        .meta({ description: 'With `order.tracking_added`: the carrier’s number.' }),
      carrier: z.exactOptional(z.string()).meta({ description: 'The carrier of the shipment.' }),
      trackingUrl: z.exactOptional(z.url()).meta({ description: 'The carrier’s tracking page.' }),
    }),
  })
  .meta({ id: 'PharmacyMessage', description: 'A pharmacy’s message about an order.' });

const HOW_IT_IS_SENT =
  'The server sends this event to the organization’s webhook endpoints. In addition to the headers of ' +
  'Standard Webhooks, `x-cv-signature` is the hex HMAC-SHA256 of the raw body with the endpoint’s secret. ' +
  'Any 2xx is success. Otherwise the server sends the event again, after 5 s, 5 min, 30 min, 2 h, 5 h, ' +
  '10 h, 14 h, 20 h and 24 h. An event can arrive twice: use `webhook-id` to detect it.';

const signatureOfBody = z.string().regex(/^[0-9a-f]{64}$/);

/** A notification to the organization. */
function notification(
  operationId: string,
  summary: string,
  schema: z.ZodType,
  value: unknown,
): { post: ZodOpenApiOperationObject } {
  return {
    post: {
      operationId,
      tags: ['Notifications'],
      summary,
      description: HOW_IT_IS_SENT,
      security: [],
      requestParams: {
        header: standardWebhooks.extend({
          'x-cv-signature': signatureOfBody.meta({
            description:
              'The hex HMAC-SHA256 of the raw body. During a secret rotation, it uses the old secret.',
          }),
          'x-cv-signature-next': z.exactOptional(signatureOfBody).meta({
            description: 'During a secret rotation: the same HMAC with the new secret.',
          }),
        }),
      },
      requestBody: {
        required: true,
        content: { 'application/json': { schema, examples: { event: { summary, value } } } },
      },
      responses: {
        '2XX': { description: 'The event is received; the server does not send it again.' },
        410: { description: 'The endpoint is gone; the server disables it.' },
      },
    },
  };
}

const payload = { case: CASE_EXAMPLE };
const ENDPOINT_OF_EVENT = { id: '01a20a78-fa0b-705f-a306-b6e96e3290ac' };

export const WEBHOOKS: ZodOpenApiPathsObject = {
  pharmacyMessage: {
    post: {
      operationId: 'pharmacyWebhook',
      tags: ['Pharmacies'],
      summary: 'A pharmacy reports on an order',
      description:
        'The pharmacy sends it to `POST /webhooks/pharmacies/{pharmacyId}` of this server. The pharmacy’s ' +
        'configuration selects the authentication; these are the headers of `standard-webhooks`. ' +
        'Send the message again, with the same `webhook-id`, until the response is 202.',
      security: [],
      requestParams: { header: standardWebhooks },
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: pharmacyMessage,
            examples: {
              'order.completed': {
                summary: 'The order is completed',
                value: {
                  type: 'order.completed',
                  data: { id: 'ph-1', reference: ORDER_EVENT_EXAMPLE.id, status: 'completed' },
                },
              },
              'order.tracking_added': {
                summary: 'The order has been shipped',
                value: {
                  type: 'order.tracking_added',
                  data: {
                    id: 'ph-1',
                    reference: ORDER_EVENT_EXAMPLE.id,
                    trackingId: '1Z999AA10123456784',
                    carrier: 'UPS',
                  },
                },
              },
            },
          },
        },
      },
      responses: {
        202: {
          description: 'The message is stored.',
          content: { 'application/json': { schema: successBody(z.object({}), 202) } },
        },
        400: {
          description: 'The body is not a JSON object with `type` and `data`.',
          content: { 'application/json': { schema: failureBody } },
        },
        401: {
          description: 'The message is not authentic or too old, or the pharmacy is unknown.',
          content: { 'application/json': { schema: failureBody } },
        },
      },
    },
  },
  ORDER_CREATED: notification('orderCreated', 'The pharmacy has the order', orderCreatedEvent, {
    event: 'ORDER_CREATED',
    order: { ...ORDER_EVENT_EXAMPLE, status: 'AWAITING_COMPLETION', message: 'Placed' },
    payload,
    sequence: 1,
  }),
  ORDER_STATUS_CHANGED: notification(
    'orderStatusChanged',
    'The order has ended, or needs attention',
    orderStatusChangedEvent,
    { event: 'ORDER_STATUS_CHANGED', order: ORDER_EVENT_EXAMPLE, payload, sequence: 4 },
  ),
  ORDER_TRACKING_ADDED: notification(
    'orderTrackingAdded',
    'The pharmacy reported a shipment',
    orderTrackingAddedEvent,
    {
      event: 'ORDER_TRACKING_ADDED',
      order: { ...ORDER_EVENT_EXAMPLE, trackingId: '1Z999AA10123456784' },
      payload,
      sequence: 2,
    },
  ),
  ADD_CASE_ATTACHMENT: notification(
    'addCaseAttachment',
    'A prescription document is stored',
    addCaseAttachmentEvent,
    {
      event: 'ADD_CASE_ATTACHMENT',
      order: ORDER_EVENT_EXAMPLE,
      payload: { ...payload, attachment: ATTACHMENT_EXAMPLE },
      sequence: 3,
    },
  ),
  DELETE_ATTACHMENT: notification(
    'deleteAttachment',
    'The pharmacy withdrew a document',
    deleteAttachmentEvent,
    {
      event: 'DELETE_ATTACHMENT',
      order: ORDER_EVENT_EXAMPLE,
      payload: { ...payload, attachment: WITHDRAWN_ATTACHMENT_EXAMPLE },
      sequence: 5,
    },
  ),
  ENDPOINT_DISABLED: notification(
    'endpointDisabled',
    'Another webhook endpoint of the organization was disabled',
    endpointDisabledEvent,
    {
      event: 'ENDPOINT_DISABLED',
      payload: {
        endpoint: {
          ...ENDPOINT_OF_EVENT,
          url: CREATE_ENDPOINT_EXAMPLE.url,
          reason: 'ANSWERED_GONE',
        },
      },
    },
  ),
  PING: notification('ping', 'A test of the endpoint; nothing has happened', pingEvent, {
    event: 'PING',
    payload: { endpoint: ENDPOINT_OF_EVENT },
  }),
};
