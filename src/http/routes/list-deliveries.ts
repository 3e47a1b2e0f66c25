import { success, successBody } from '../../contract/envelope.ts';
import { deliveriesQuery, deliveryPage } from '../../contract/webhook-delivery.ts';
import { defineRoute, type Route, type RouteDependencies } from '../route.ts';

/** `GET /api/v1/webhook-deliveries` */
export function listDeliveries({ endpoints }: RouteDependencies): Route {
  return defineRoute({
    method: 'GET',
    url: '/api/v1/webhook-deliveries',
    auth: 'webhooks:manage',
    audit: 'DELIVERIES_LISTED',
    query: deliveriesQuery,
    doc: {
      operationId: 'listWebhookDeliveries',
      tag: 'Notifications',
      summary: 'List webhook deliveries with their attempts',
      responses: {
        200: {
          description: 'One page, the newest delivery first.',
          schema: successBody(deliveryPage),
        },
      },
    },
    handle: async ({ organizationId, query }) =>
      success('Webhook deliveries', await endpoints.deliveries(organizationId, query)),
  });
}
