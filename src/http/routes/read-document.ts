import { organizationWith } from '../caller.ts';
import type { Route, RouteDependencies } from '../route.ts';

/** `GET /api/v1/cases/:caseId/orders/:orderId/documents/:documentId`: the bytes, streamed. */
export function readDocument({ orders, documents }: RouteDependencies): Route {
  return {
    method: 'GET',
    url: '/api/v1/cases/:caseId/orders/:orderId/documents/:documentId',
    auth: 'api-key',
    async handle(request, reply) {
      const { caseId, orderId, documentId } = request.params as Record<
        'caseId' | 'orderId' | 'documentId',
        string
      >;
      const organizationId = organizationWith(request, 'orders:read');
      const document = await orders.readDocument({ organizationId, caseId, orderId }, documentId);
      const bytes = await documents.open(document.storageKey);
      return reply
        .type(safeContentType(document.contentType))
        .header('content-length', document.size)
        .header('etag', `"${document.sha256}"`)
        .header('cache-control', 'private, no-store')
        .header('x-content-type-options', 'nosniff')
        .header('content-disposition', 'attachment')
        .send(bytes);
    },
  };
}

/** The type is the pharmacy's word; what could not be a header is served as plain bytes. */
function safeContentType(contentType: string): string {
  return /^[\w.+-]+\/[\w.+-]+(; ?[\w-]+=[\w.-]+)*$/.test(contentType)
    ? contentType
    : 'application/octet-stream';
}
