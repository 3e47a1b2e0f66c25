import { z } from 'zod';
import { success, successBody } from '../../contract/envelope.ts';
import {
  endpointView,
  parseUpdateEndpoint,
  updateEndpointRequest,
} from '../../contract/webhook-endpoint.ts';
import { NOT_FOUND } from '../openapi/responses.ts';
import { endpointParams } from '../params.ts';
import { defineRoute, type Route, type RouteDependencies } from '../route.ts';

/** `PATCH /api/v1/webhook-endpoints/:endpointId` */
export function updateEndpoint({ endpoints }: RouteDependencies): Route {
  return defineRoute({
    method: 'PATCH',
    url: '/api/v1/webhook-endpoints/:endpointId',
    auth: 'webhooks:manage',
    audit: 'WEBHOOK_UPDATED',
    params: endpointParams,
    body: {
      parse: parseUpdateEndpoint,
      schema: updateEndpointRequest,
      examples: {
        enable: { summary: 'Enable it again', value: { status: 'ENABLED' } },
        plain: {
          summary: 'All events, without a header',
          value: { events: null, authHeader: null },
        },
      },
    },
    doc: {
      operationId: 'updateWebhookEndpoint',
      tag: 'Notifications',
      summary: 'Change a webhook endpoint',
      description:
        'Absent fields keep their values. Enabling an endpoint sends its waiting deliveries at once.',
      responses: {
        200: {
          description: 'The endpoint after the change.',
          schema: successBody(z.object({ endpoint: endpointView })),
        },
        404: NOT_FOUND,
      },
    },
    handle: async ({ params, body, organizationId }) =>
      success('Webhook endpoint changed', {
        endpoint: await endpoints.update({ organizationId, ...params }, body),
      }),
  });
}
