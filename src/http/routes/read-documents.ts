import { success, successBody } from '../../contract/envelope.ts';
import { documentPage } from '../../contract/order.ts';
import { NOT_FOUND } from '../openapi/responses.ts';
import { orderParams } from '../params.ts';
import { defineRoute, type Route, type RouteDependencies } from '../route.ts';

/** `GET /api/v1/cases/:caseId/orders/:orderId/documents`: all documents in one page. */
export function readDocuments({ orders }: RouteDependencies): Route {
  return defineRoute({
    method: 'GET',
    url: '/api/v1/cases/:caseId/orders/:orderId/documents',
    auth: 'orders:read',
    audit: 'DOCUMENTS_LISTED',
    params: orderParams,
    doc: {
      operationId: 'listDocuments',
      tag: 'Documents',
      summary: 'List the documents of an order',
      responses: {
        200: { description: 'All documents, in one page.', schema: successBody(documentPage) },
        404: NOT_FOUND,
      },
    },
    async handle({ params, organizationId }) {
      const { documents } = await orders.read({ organizationId, ...params });
      return success('Documents', { documents, nextCursor: null });
    },
  });
}
