import { z } from 'zod';
import { success, successBody } from '../../contract/envelope.ts';
import { NOT_FOUND } from '../openapi/responses.ts';
import { endpointParams } from '../params.ts';
import { defineRoute, type Route, type RouteDependencies } from '../route.ts';

/** `DELETE /api/v1/webhook-endpoints/:endpointId` */
export function deleteEndpoint({ endpoints }: RouteDependencies): Route {
  return defineRoute({
    method: 'DELETE',
    url: '/api/v1/webhook-endpoints/:endpointId',
    auth: 'webhooks:manage',
    audit: 'WEBHOOK_DELETED',
    params: endpointParams,
    doc: {
      operationId: 'deleteWebhookEndpoint',
      tag: 'Notifications',
      summary: 'Delete a webhook endpoint',
      description:
        'Cancels the open deliveries of the endpoint. The log of its deliveries is kept.',
      responses: {
        200: {
          description: 'The endpoint is deleted.',
          schema: successBody(z.object({ endpoint: z.object({ id: z.uuid() }) })),
        },
        404: NOT_FOUND,
      },
    },
    async handle({ params, organizationId }) {
      await endpoints.delete({ organizationId, ...params });
      const id = params.endpointId.toLowerCase();
      return success('Webhook endpoint deleted', { endpoint: { id } });
    },
  });
}
