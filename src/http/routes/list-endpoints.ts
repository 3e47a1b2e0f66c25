import { success, successBody } from '../../contract/envelope.ts';
import { pageQuery } from '../../contract/order-query.ts';
import { endpointPage } from '../../contract/webhook-endpoint.ts';
import { defineRoute, type Route, type RouteDependencies } from '../route.ts';

/** `GET /api/v1/webhook-endpoints` */
export function listEndpoints({ endpoints }: RouteDependencies): Route {
  return defineRoute({
    method: 'GET',
    url: '/api/v1/webhook-endpoints',
    auth: 'webhooks:manage',
    audit: { none: 'no patient data, and no secret' },
    query: pageQuery,
    doc: {
      operationId: 'listWebhookEndpoints',
      tag: 'Notifications',
      summary: 'List the organization’s webhook endpoints',
      responses: {
        200: {
          description: 'One page, the newest endpoint first.',
          schema: successBody(endpointPage),
        },
      },
    },
    handle: async ({ organizationId, query }) =>
      success('Webhook endpoints', await endpoints.list(organizationId, query)),
  });
}
