import { z } from 'zod';
import { success, successBody } from '../../contract/envelope.ts';
import { endpointView } from '../../contract/webhook-endpoint.ts';
import { NOT_FOUND } from '../openapi/responses.ts';
import { endpointParams } from '../params.ts';
import { defineRoute, type Route, type RouteDependencies } from '../route.ts';

/** `GET /api/v1/webhook-endpoints/:endpointId` */
export function readEndpoint({ endpoints }: RouteDependencies): Route {
  return defineRoute({
    method: 'GET',
    url: '/api/v1/webhook-endpoints/:endpointId',
    auth: 'webhooks:manage',
    audit: { none: 'no patient data, and no secret' },
    params: endpointParams,
    doc: {
      operationId: 'readWebhookEndpoint',
      tag: 'Notifications',
      summary: 'Read a webhook endpoint',
      responses: {
        200: {
          description: 'The endpoint, without its secret.',
          schema: successBody(z.object({ endpoint: endpointView })),
        },
        404: NOT_FOUND,
      },
    },
    handle: async ({ params, organizationId }) =>
      success('Webhook endpoint', {
        endpoint: await endpoints.read({ organizationId, ...params }),
      }),
  });
}
