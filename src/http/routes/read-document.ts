import { documentHeaders, documentResponses, sendDocument } from '../document-download.ts';
import { documentParams } from '../params.ts';
import { defineRoute, type Route, type RouteDependencies } from '../route.ts';

/** `GET /api/v1/cases/:caseId/orders/:orderId/documents/:documentId`: the bytes, streamed. */
export function readDocument({ orders, documents }: RouteDependencies): Route {
  return defineRoute({
    method: 'GET',
    url: '/api/v1/cases/:caseId/orders/:orderId/documents/:documentId',
    auth: 'orders:read',
    audit: 'DOCUMENT_READ',
    params: documentParams,
    doc: {
      operationId: 'readDocument',
      tag: 'Documents',
      summary: 'Download a document',
      headers: documentHeaders,
      responses: documentResponses,
    },
    async handle({ params, organizationId, request, reply }) {
      const { documentId, ...order } = params;
      const document = await orders.readDocument({ organizationId, ...order }, documentId);
      return await sendDocument(request, reply, documents, document);
    },
  });
}
