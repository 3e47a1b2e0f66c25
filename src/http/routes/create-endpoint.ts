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
      description: 'Keep the `secret`: it is shown this once, and every request is signed with it.',
      responses: {
        201: {
          description: 'The endpoint is new.',
          schema: successBody(z.object({ endpoint: newEndpointView }), 201),
          headers: z.object({
            Location: z.string().meta({ description: 'Where the endpoint is read.' }),
          }),
        },
        409: endpointConflict(
          'There are as many as an organization may have.',
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
