import type { CaseDocument } from '../../cases/customer-case-detail.ts';
import {
  type CaseDetailAttachment,
  type CustomerCaseDetailBody,
  customerCaseDetailBody,
  customerCaseDetailQuery,
} from '../../contract/customer-case-detail.ts';
import { inlineDocument, MAX_INLINE_BYTES } from '../../documents/inline-document.ts';
import { documentKey } from '../../orders/order-data-key.ts';
import { defineRoute, type Route, type RouteDependencies } from '../route.ts';

/** `GET /api/v1/customer-case-detail`: reads a case as the original API does, in the original's envelope. */
export function customerCaseDetail(dependencies: RouteDependencies): Route {
  const { cases, documents, documentLinks } = dependencies;

  // The bytes of a withdrawn document are not offered.
  const asLink = ({ attachment }: CaseDocument): CaseDetailAttachment =>
    attachment.isDeleted ? attachment : { ...attachment, url: documentLinks.create(attachment.id) };

  async function asContent(document: CaseDocument): Promise<CaseDetailAttachment> {
    const { attachment, storageKey, key } = document;
    const content = key && (await inlineDocument(documents, storageKey, documentKey(key)));
    return content === undefined ? asLink(document) : { ...attachment, content };
  }

  async function inline(found: readonly CaseDocument[]): Promise<CaseDetailAttachment[]> {
    const attachments: CaseDetailAttachment[] = [];
    let left = MAX_INLINE_BYTES;
    for (const document of found) {
      if (document.attachment.isDeleted) {
        attachments.push(document.attachment);
        continue;
      }
      left -= document.attachment.size;
      attachments.push(left < 0 ? asLink(document) : await asContent(document));
    }
    return attachments;
  }

  return defineRoute({
    method: 'GET',
    url: '/api/v1/customer-case-detail',
    auth: 'orders:read',
    audit: 'CASE_READ',
    query: customerCaseDetailQuery,
    doc: {
      operationId: 'customerCaseDetail',
      tag: 'Cases',
      summary: 'Read a case as the original API shows it',
      description:
        'The case is named by `caseId` or by `email`. Prefer `caseId`: proxies log URLs. ' +
        'Includes the newest 1,000 orders and documents on request. Documents beyond 8 MiB in total ' +
        'are sent as links, even with `documentFormat=base64`.',
      responses: { 200: { description: 'The case.', schema: customerCaseDetailBody } },
    },
    async handle({ query, organizationId, request }): Promise<CustomerCaseDetailBody> {
      const { caseId, email = '' } = query;
      const { detail, documents: found } = await cases.detail(
        caseId === undefined ? { organizationId, email } : { organizationId, caseId },
        {
          orders: query.includeOrders === 'true',
          attachments: query.includeAttachments === 'true',
        },
      );
      request.caseId = detail.id;
      const attachments =
        query.documentFormat === 'base64' ? await inline(found ?? []) : found?.map(asLink);
      return {
        status: 200,
        success: true,
        caseDetail: {
          ...detail,
          ...(found === undefined || attachments === undefined ? {} : { attachments }),
        },
      };
    },
  });
}
