import { z } from 'zod';
import { failureBody } from '../../contract/envelope.ts';
import { objectWithBlanks, requiredText, text } from '../../contract/fields.ts';
import { isUuid } from '../../lib/uuid.ts';
import { documentHeaders, documentResponses, sendDocument } from '../document-download.ts';
import { PermissionDeniedError } from '../errors/http-errors.ts';
import { TOO_MANY_FAILURES } from '../openapi/responses.ts';
import { linkedDocumentParams } from '../params.ts';
import { defineRoute, type Route, type RouteDependencies } from '../route.ts';

const query = objectWithBlanks({
  expires: requiredText(),
  endpoint: z.exactOptional(text()),
  signature: requiredText(),
});

/**
 * `GET /documents/:documentId?expires=&signature=&endpoint=`: a document without an API key, through the signed
 * link that `customer-case-detail` and webhooks contain.
 */
export function readLinkedDocument({
  orders,
  documents,
  documentLinks,
  linkFailures,
}: RouteDependencies): Route {
  return defineRoute({
    method: 'GET',
    url: '/documents/:documentId',
    auth: 'none',
    audit: 'DOCUMENT_READ',
    params: linkedDocumentParams,
    query,
    doc: {
      operationId: 'readLinkedDocument',
      tag: 'Documents',
      summary: 'Download a document by its signed link',
      description:
        'Webhooks and `customer-case-detail` contain the link. It expires after 15 minutes.',
      headers: documentHeaders,
      responses: {
        ...documentResponses,
        400: { description: 'A parameter is missing.', schema: failureBody },
        403: {
          description: 'The link’s signature is not valid, or the link has expired.',
          schema: failureBody,
        },
        429: TOO_MANY_FAILURES,
      },
    },
    async handle({ params, query: link, request, reply }) {
      const { documentId } = params;
      if (!isUuid(documentId) || !documentLinks.isValid(documentId, link)) {
        linkFailures.failed(request.ip);
        throw new PermissionDeniedError();
      }
      const { document, owner } = await orders.readLinkedDocument(documentId);
      request.linked = { ...owner, endpointId: link.endpoint };
      return await sendDocument(request, reply, documents, document);
    },
  });
}
