import { success, successBody } from '../../contract/envelope.ts';
import { activityPage } from '../../contract/order.ts';
import { pageQuery } from '../../contract/order-query.ts';
import { NOT_FOUND } from '../openapi/responses.ts';
import { orderParams } from '../params.ts';
import { defineRoute, type Route, type RouteDependencies } from '../route.ts';

/** `GET /api/v1/cases/:caseId/orders/:orderId/activity`: the order's timeline. */
export function readActivity({ orders }: RouteDependencies): Route {
  return defineRoute({
    method: 'GET',
    url: '/api/v1/cases/:caseId/orders/:orderId/activity',
    auth: 'orders:read',
    audit: 'ORDER_READ',
    params: orderParams,
    query: pageQuery,
    doc: {
      operationId: 'readActivity',
      tag: 'Orders',
      summary: 'Read the timeline of an order',
      responses: {
        200: {
          description: 'One page, the oldest change first.',
          schema: successBody(activityPage),
        },
        404: NOT_FOUND,
      },
    },
    handle: async ({ params, organizationId, query }) =>
      success('Activity', await orders.activity({ organizationId, ...params }, query)),
  });
}
