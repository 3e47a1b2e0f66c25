import { z } from 'zod';
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject } from 'zod-openapi';
import {
  addCaseAttachmentEvent,
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
} from './examples.ts';

/* What is sent to us and by us; no client calls these. */

/** Standard Webhooks' headers. */
const standardWebhooks = z.object({
  'webhook-id': z.string().meta({
    description: 'The message’s id; the same over all attempts.',
    example: 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W',
  }),
  'webhook-timestamp': z
    .string()
    .regex(/^[0-9]+$/)
    .meta({
      description: 'Unix time in seconds; more than 5 minutes off is refused.',
      example: '1769851800',
    }),
  'webhook-signature': z.string().meta({
    description:
      'One or more of `v1,<base64>`, with spaces between: the HMAC-SHA256 of `<webhook-id>.<webhook-timestamp>.<body>`.',
    example: 'v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=',
  }),
});

const pharmacyMessage = z
  .object({
    type: z
      .enum(['order.completed', 'order.rejected', 'order.cancelled', 'order.tracking_added'])
      .meta({ description: 'What happened. Other types are stored and change nothing.' }),
    data: z.object({
      id: z.string().meta({ description: 'The pharmacy’s id of the order.' }),
      reference: z.string().meta({ description: 'Our id of the order.' }),
      status: z.exactOptional(z.string()).meta({ description: 'The pharmacy’s status.' }),
      trackingId: z
        .exactOptional(z.string())
        .meta({ description: 'With `order.tracking_added`: the carrier’s number.' }),
      carrier: z.exactOptional(z.string()).meta({ description: 'Who carries the shipment.' }),
      trackingUrl: z.exactOptional(z.url()).meta({ description: 'Where to follow it.' }),
    }),
  })
  .meta({ id: 'PharmacyMessage', description: 'What a pharmacy tells of an order.' });

const HOW_IT_COMES =
  'Sent to the organization’s webhook endpoints. Beside Standard Webhooks’ headers, `x-cv-signature` ' +
  'is the hex HMAC-SHA256 of the raw body with the endpoint’s secret. Any 2xx is success; anything else is ' +
  'sent again, at once, then after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h. An event can ' +
  'come twice: `webhook-id` tells it.';

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
      description: HOW_IT_COMES,
      security: [],
      requestParams: {
        header: standardWebhooks.extend({
          'x-cv-signature': signatureOfBody.meta({
            description:
              'The hex HMAC-SHA256 of the raw body; while a secret rotates, with the old secret.',
          }),
          'x-cv-signature-next': z.exactOptional(signatureOfBody).meta({
            description: 'While a secret rotates: the same with the new secret.',
          }),
        }),
      },
      requestBody: {
        required: true,
        content: { 'application/json': { schema, examples: { event: { summary, value } } } },
      },
      responses: {
        '2XX': { description: 'Taken; it is not sent again.' },
        410: { description: 'The endpoint is gone: it is disabled.' },
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
      summary: 'A pharmacy tells of an order',
      description:
        'Sent to `POST /webhooks/pharmacies/{pharmacyId}` of this server. How it is authenticated ' +
        'belongs to the pharmacy’s configuration; these are the headers of `standard-webhooks`. ' +
        'Send the message again, with the same `webhook-id`, until the answer is 202.',
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
                summary: 'The order is on its way',
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
          description: 'It is stored.',
          content: { 'application/json': { schema: successBody(z.object({}), 202) } },
        },
        400: {
          description: 'The body is no JSON object with `type` and `data`.',
          content: { 'application/json': { schema: failureBody } },
        },
        401: {
          description: 'It is not authentic, too old, or the pharmacy is unknown.',
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
    'The pharmacy told of a shipment',
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
  ENDPOINT_DISABLED: notification(
    'endpointDisabled',
    'Another webhook endpoint of the organization gets no more events',
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
  PING: notification('ping', 'The endpoint is tried: nothing has happened', pingEvent, {
    event: 'PING',
    payload: { endpoint: ENDPOINT_OF_EVENT },
  }),
};
