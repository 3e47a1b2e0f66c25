import { z } from 'zod';
import { EVENT_NAMES } from './case-activity.ts';
import { nonEmptyList, object, objectWithBlanks, oneOf, requiredText, text } from './fields.ts';
import { timestamp } from './order.ts';
import { type Parsed, parseBody } from './validation.ts';

/* The webhook endpoints of an organization (docs/api.md, "Webhook endpoints"). */

const DOCUMENT_FORMATS = ['url', 'base64'] as const;
const PAYLOAD_MODES = ['event', 'full'] as const;

/** Maximum characters of each field. */
const MOST = { url: 2_048, description: 500, headerName: 100, headerValue: 4_096 } as const;

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Headers that the sender sets, that frame the request, or that belong to the connection. */
const OUR_HEADERS =
  /^(content-.*|host|user-agent|accept-encoding|webhook-.*|x-cv-.*|transfer-encoding|connection|keep-alive|upgrade|expect|te|trailer|date|via|proxy-.*)$/i;
/** Values that HTTP transmits unchanged. It strips spaces at either end. */
const HEADER_VALUE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

const url = requiredText(MOST.url).meta({
  description:
    'The URL that receives the events: `https` on port 443 or 8443 at a public name or address. In ' +
    'the sandbox only loopback from port 1024 on, also over `http`.',
  example: 'https://clinic.example.com/hooks/orders',
});

const events = nonEmptyList(oneOf(EVENT_NAMES)).transform((names) => [...new Set(names)]);
const EVENTS = {
  description: 'The events that are sent. Default: all, including events that later versions add.',
  example: ['ORDER_STATUS_CHANGED', 'ADD_CASE_ATTACHMENT'],
};

const description = text(MOST.description);
const DESCRIPTION = { description: 'Text for people.', example: 'Order desk' };

const DOCUMENT_FORMAT = {
  description: 'Documents as signed URLs that are valid for 15 minutes, or in base64.',
};
const PAYLOAD_MODE = {
  description: '`full`: every event also contains the case’s orders and attachments.',
};

const authHeader = object({
  name: requiredText(MOST.headerName)
    .regex(HEADER_NAME, { error: 'must be the name of an HTTP header', abort: true })
    .refine((name) => !OUR_HEADERS.test(name), {
      error: 'must not be a header that we set or that is for the connection',
    })
    .meta({ pattern: HEADER_NAME.source, example: 'Authorization' }),
  value: requiredText(MOST.headerValue)
    .regex(HEADER_VALUE, { error: 'must be printable ASCII without a space at either end' })
    .meta({ pattern: HEADER_VALUE.source, example: 'Bearer example', format: 'password' }),
});
const AUTH_HEADER = {
  description: 'A header of every request. The API never shows its value again.',
};

/** The body of `POST /api/v1/webhook-endpoints`. */
export const createEndpointRequest = object({
  url,
  events: z.exactOptional(events).meta(EVENTS),
  description: z.exactOptional(description).meta(DESCRIPTION),
  documentFormat: oneOf(DOCUMENT_FORMATS).default('url').meta(DOCUMENT_FORMAT),
  payloadMode: oneOf(PAYLOAD_MODES).default('event').meta(PAYLOAD_MODE),
  authHeader: z.exactOptional(authHeader).meta(AUTH_HEADER),
}).meta({ id: 'CreateWebhookEndpoint' });

/** The body of `PATCH /api/v1/webhook-endpoints/:endpointId`. `null` resets a field to its default. */
export const updateEndpointRequest = objectWithBlanks(
  {
    url: z.exactOptional(url),
    events: z.exactOptional(events.nullable()).meta({
      ...EVENTS,
      description: 'The events that are sent. `null`: all.',
    }),
    description: z.exactOptional(description.nullable()).meta(DESCRIPTION),
    documentFormat: z.exactOptional(oneOf(DOCUMENT_FORMATS)).meta(DOCUMENT_FORMAT),
    payloadMode: z.exactOptional(oneOf(PAYLOAD_MODES)).meta(PAYLOAD_MODE),
    authHeader: z.exactOptional(authHeader.nullable()).meta({
      description: `${AUTH_HEADER.description} \`null\` removes it.`,
    }),
    status: z.exactOptional(oneOf(['ENABLED', 'DISABLED'])).meta({
      description:
        '`ENABLED`: the deliveries that wait for the endpoint are sent. `DISABLED`: no more events are queued for it.',
    }),
  },
  ['events', 'description', 'authHeader'],
).meta({ id: 'UpdateWebhookEndpoint' });

export const endpointView = z
  .object({
    id: z.uuid(),
    url: z.string(),
    events: z
      .array(z.enum(EVENT_NAMES))
      .nullable()
      .meta({ description: 'The events that are sent. Null: all.' }),
    description: z.exactOptional(z.string()),
    documentFormat: z.enum(DOCUMENT_FORMATS),
    payloadMode: z.enum(PAYLOAD_MODES),
    authHeader: z
      .exactOptional(z.object({ name: z.string() }))
      .meta({ description: 'The name of the header. The API never shows its value.' }),
    status: z.enum(['ENABLED', 'PAUSED', 'DISABLED']).meta({
      description:
        '`PAUSED`: it failed for days; its deliveries wait until a test succeeds or it is enabled. ' +
        '`DISABLED`: on request or because it answered 410; no more events are queued for it.',
    }),
    statusReason: z.exactOptional(z.string()).meta({
      description: 'The reason for the status, as a stable code.',
      example: 'ANSWERED_GONE',
    }),
    failingSince: z
      .exactOptional(timestamp)
      .meta({ description: 'The first failure after the last success.' }),
    previousSecretUntil: z
      .exactOptional(timestamp)
      .meta({ description: 'The previous secret also signs until this time.' }),
    createdAt: timestamp,
    updatedAt: timestamp,
  })
  .meta({
    id: 'WebhookEndpoint',
    description: 'An endpoint that receives the events of an organization.',
  });

export const newEndpointView = endpointView
  .extend({
    secret: z.string().meta({
      description: 'The secret that signs requests. The API shows it only once.',
      example: 'whsec_ZXhhbXBsZS1zZWNyZXQtb2YtMzItYnl0ZXMtbGVuZ3Ro',
    }),
  })
  .meta({ id: 'WebhookEndpointWithSecret', description: 'An endpoint with its new secret.' });

export const endpointPage = z
  .object({
    endpoints: z.array(endpointView),
    nextCursor: z.string().nullable().meta({ description: 'Null on the last page.' }),
  })
  .meta({ id: 'WebhookEndpointPage' });

/** A new endpoint. */
export type CreateEndpointRequest = z.output<typeof createEndpointRequest>;

/** Changes to an endpoint. An absent field stays unchanged. */
export type UpdateEndpointRequest = z.output<typeof updateEndpointRequest>;

/** An endpoint, as the API shows it. */
export type EndpointView = z.output<typeof endpointView>;

/** An endpoint with its new secret. */
export type NewEndpointView = z.output<typeof newEndpointView>;

/** A page of endpoints. */
export type EndpointPage = z.output<typeof endpointPage>;

/** Checks the body of `POST /api/v1/webhook-endpoints`, except where the URL leads. Never throws. */
export function parseCreateEndpoint(body: unknown): Parsed<CreateEndpointRequest> {
  return parseBody(createEndpointRequest, body);
}

/** Like {@link parseCreateEndpoint}, for `PATCH`. */
export function parseUpdateEndpoint(body: unknown): Parsed<UpdateEndpointRequest> {
  return parseBody(updateEndpointRequest, body);
}
