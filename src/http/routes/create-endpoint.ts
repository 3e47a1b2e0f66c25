import { z } from 'zod';
import { success, successBody } from '../../contract/envelope.ts';
import {
  createEndpointRequest,
  newEndpointView,
  parseCreateEndpoint,
} from '../../contract/webhook-endpoint.ts';
import { CREATE_ENDPOINT_EXAMPLE } from '../openapi/examples.ts';
import { endpointConflict } from '../openapi/responses.ts';
import { defineRoute, type Route, type RouteDependencies } from '../route.ts';

/** `POST /api/v1/webhook-endpoints` */
export function createEndpoint({ endpoints }: RouteDependencies): Route {
  return defineRoute({
    method: 'POST',
    url: '/api/v1/webhook-endpoints',
    auth: 'webhooks:manage',
    audit: 'WEBHOOK_CREATED',
    body: {
      parse: parseCreateEndpoint,
      schema: createEndpointRequest,
      examples: {
        endpoint: { summary: 'Two events, with a header', value: CREATE_ENDPOINT_EXAMPLE },
      },
    },
    doc: {
      operationId: 'createWebhookEndpoint',
      tag: 'Notifications',
      summary: 'Create a webhook endpoint',
      description:
        'Store the `secret`: only this response shows it, and it signs every request to the endpoint.',
      responses: {
        201: {
          description: 'The endpoint is created.',
          schema: successBody(z.object({ endpoint: newEndpointView }), 201),
          headers: z.object({
            Location: z.string().meta({ description: 'The URL of the endpoint.' }),
          }),
        },
        409: endpointConflict(
          'The organization already has the maximum number of endpoints.',
          'TOO_MANY_ENDPOINTS',
          'an organization has at most 20 webhook endpoints',
        ),
      },
    },
    async handle({ body, organizationId, reply }) {
      const endpoint = await endpoints.create(organizationId, body);
      return reply
        .code(201)
        .header('location', `/api/v1/webhook-endpoints/${endpoint.id}`)
        .send(success('Webhook endpoint created', { endpoint }, 201));
    },
  });
}
