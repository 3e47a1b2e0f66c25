import { success } from '../../contract/envelope.ts';
import { organizationWith } from '../caller.ts';
import type { Route, RouteDependencies } from '../route.ts';

/** `GET /api/v1/cases/:caseId/orders/:orderId/documents`: all of them, one page. */
export function readDocuments({ orders }: RouteDependencies): Route {
  return {
    method: 'GET',
    url: '/api/v1/cases/:caseId/orders/:orderId/documents',
    auth: 'api-key',
    async handle(request) {
      const { caseId, orderId } = request.params as { caseId: string; orderId: string };
      const organizationId = organizationWith(request, 'orders:read');
      const { documents } = await orders.read({ organizationId, caseId, orderId });
      return success('Documents', { documents, nextCursor: null });
    },
  };
}
