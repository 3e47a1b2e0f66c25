import { maySeeOrder } from '../../../operators/access-reasons.ts';
import { readOrderForOperators } from '../../../operators/list-orders.ts';
import { documentKey } from '../../../orders/order-data-key.ts';
import { readDocument } from '../../../orders/read-order.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import { type Page, ReasonError } from '../page.ts';
import { showsInPage } from '../parts/patient-data.tsx';

/** `GET /orders/:orderId/documents/:documentId`: the bytes of a document, for a frame of the order page. */
export function documentFile({ database, documents }: ConsoleDependencies): Page {
  return {
    method: 'GET',
    url: '/orders/:orderId/documents/:documentId',
    role: 'operator',
    audit: 'DOCUMENT_READ',
    async handle({ params, reply, about, by }) {
      const order = await readOrderForOperators(database, params['orderId'] ?? '');
      const { organizationId, caseId, id: orderId } = order;
      about({ organizationId, caseId, orderId });
      if (!(await maySeeOrder(database, orderId, by.actor))) throw new ReasonError();
      const key = { organizationId, caseId, orderId };
      const document = await readDocument(database, key, params['documentId'] ?? '');
      const bytes = await documents.open(document.storageKey, documentKey(document.key));
      const isShown = showsInPage(document);
      return {
        send: () =>
          reply
            .headers({
              'content-type': isShown ? document.contentType : 'application/octet-stream',
              'content-length': document.size,
              'content-disposition': isShown ? 'inline' : 'attachment',
              // Only a page of the console shows it in a frame, and nothing in it runs or loads anything.
              'content-security-policy':
                "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'",
            })
            .send(bytes),
      };
    },
  };
}
