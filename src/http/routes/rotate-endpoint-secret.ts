import { z } from 'zod';
import { success, successBody } from '../../contract/envelope.ts';
import { newEndpointView } from '../../contract/webhook-endpoint.ts';
import { NOT_FOUND } from '../openapi/responses.ts';
import { endpointParams } from '../params.ts';
import { defineRoute, type Route, type RouteDependencies } from '../route.ts';

/** `POST /api/v1/webhook-endpoints/:endpointId/rotate-secret` */
export function rotateEndpointSecret({ endpoints }: RouteDependencies): Route {
  return defineRoute({
    method: 'POST',
    url: '/api/v1/webhook-endpoints/:endpointId/rotate-secret',
    auth: 'webhooks:manage',
    audit: 'WEBHOOK_SECRET_ROTATED',
    params: endpointParams,
    doc: {
      operationId: 'rotateWebhookSecret',
      tag: 'Notifications',
      summary: 'Give a webhook endpoint a new secret',
      description:
        'The secret before signs beside the new one for 24 hours: change the receiver over within ' +
        'them. A secret that leaked ends at once when the rotation is done twice.',
      responses: {
        200: {
          description: 'The endpoint with its new secret, which is shown this once.',
          schema: successBody(z.object({ endpoint: newEndpointView })),
        },
        404: NOT_FOUND,
      },
    },
    async handle({ params, organizationId }) {
      const endpoint = await endpoints.rotateSecret({ organizationId, ...params });
      return success('Webhook secret rotated', { endpoint });
    },
  });
}
