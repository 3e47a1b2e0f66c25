import { z } from 'zod';
import { success, successBody } from '../../contract/envelope.ts';
import { orderView } from '../../contract/order.ts';
import { NOT_FOUND } from '../openapi/responses.ts';
import { orderParams } from '../params.ts';
import { defineRoute, type Route, type RouteDependencies } from '../route.ts';

/** `GET /api/v1/cases/:caseId/orders/:orderId` */
export function readOrder({ orders }: RouteDependencies): Route {
  return defineRoute({
    method: 'GET',
    url: '/api/v1/cases/:caseId/orders/:orderId',
    auth: 'orders:read',
    audit: 'ORDER_READ',
    params: orderParams,
    doc: {
      operationId: 'readOrder',
      tag: 'Orders',
      summary: 'Read an order',
      responses: {
        200: { description: 'The order.', schema: successBody(z.object({ order: orderView })) },
        404: NOT_FOUND,
      },
    },
    async handle({ params, organizationId, request }) {
      const order = await orders.read({ organizationId, ...params });
      request.orderId = order.id;
      return success('Order', { order });
    },
  });
}
