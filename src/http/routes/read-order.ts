import { success } from '../../contract/envelope.ts';
import { organizationWith } from '../caller.ts';
import type { Route, RouteDependencies } from '../route.ts';

/** `GET /api/v1/cases/:caseId/orders/:orderId` */
export function readOrder({ orders }: RouteDependencies): Route {
  return {
    method: 'GET',
    url: '/api/v1/cases/:caseId/orders/:orderId',
    auth: 'api-key',
    async handle(request) {
      const { caseId, orderId } = request.params as { caseId: string; orderId: string };
      const organizationId = organizationWith(request, 'orders:read');
      const order = await orders.read({ organizationId, caseId, orderId });
      request.orderId = order.id;
      return success('Order', { order });
    },
  };
}
