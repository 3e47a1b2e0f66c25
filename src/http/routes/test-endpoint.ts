import { z } from 'zod';
import { success, successBody } from '../../contract/envelope.ts';
import { deliveryView } from '../../contract/webhook-delivery.ts';
import { NOT_FOUND } from '../openapi/responses.ts';
import { endpointParams } from '../params.ts';
import { defineRoute, type Route, type RouteDependencies } from '../route.ts';

/** `POST /api/v1/webhook-endpoints/:endpointId/test` */
export function testEndpoint({ endpoints }: RouteDependencies): Route {
  return defineRoute({
    method: 'POST',
    url: '/api/v1/webhook-endpoints/:endpointId/test',
    auth: 'webhooks:manage',
    audit: 'WEBHOOK_TESTED',
    params: endpointParams,
    doc: {
      operationId: 'testWebhookEndpoint',
      tag: 'Notifications',
      summary: 'Send a PING to a webhook endpoint now',
      description:
        'Responds when the endpoint has responded, after 10 seconds at most. A `PAUSED` endpoint that ' +
        'accepts the PING becomes `ENABLED` again, and its waiting deliveries are sent.',
      responses: {
        200: {
          description: 'The result: `DELIVERED`, or `DEAD` with the reason in its attempt.',
          schema: successBody(z.object({ delivery: deliveryView })),
        },
        404: NOT_FOUND,
      },
    },
    handle: async ({ params, organizationId }) =>
      success('Webhook endpoint tested', {
        delivery: await endpoints.test({ organizationId, ...params }),
      }),
  });
}
