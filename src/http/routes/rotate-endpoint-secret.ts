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
      summary: 'Rotate the secret of a webhook endpoint',
      description:
        'For 24 hours, both the old and the new secret sign every request: update the receiver within ' +
        'that time. To end a leaked secret at once, rotate twice.',
      responses: {
        200: {
          description: 'The endpoint with its new secret. Only this response shows the secret.',
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
