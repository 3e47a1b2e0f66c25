import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { sameId } from '../lib/uuid.ts';
import { essenceOf, fieldOf } from './answer-fields.ts';
import { decodeDataUrl } from './base64.ts';
import {
  attachmentOwner,
  type CaseAttachment,
  type CaseOrder,
  caseAttachment,
} from './carevalidate-answers.ts';
import { derivedId, distinctDocuments } from './distinct-documents.ts';
import {
  MOST_DOCUMENTS,
  NOTHING_OFFERED,
  type PharmacyDocument,
  type PharmacyOrder,
} from './gateway.ts';
import { PharmacyAnswerError } from './pharmacy-errors.ts';

/** The largest number of attachments of a case: those of all its orders. */
const MOST_ATTACHMENTS = 10 * MOST_DOCUMENTS;

/** What is stored already for the other orders of a case. */
export interface StoredForOthers {
  /** The pharmacy's ids of their documents. */
  readonly documentIds: ReadonlySet<string>;
  /** Which of the orders have documents, by the id that the server gave them. */
  readonly orderIds: ReadonlySet<string>;
}

/**
 * Selects the documents of one order among the attachments of its case. An attachment that names its
 * order belongs to that one. Any other is this order's, unless it was stored for another order or made
 * before this order was placed. A case with too many attachments, or an order with more than
 * {@link MOST_DOCUMENTS}, offers nothing that can be read.
 *
 * @param attachments the attachments as the server sent them.
 * @param orders all orders of the case there, this one included.
 * @param findStored returns what is stored for the other orders.
 * @throws {PharmacyAnswerError} `PHARMACY_DOCUMENTS_AMBIGUOUS` when an attachment may belong to
 *   another completed order as well: another patient's order must not get it.
 */
export async function caseDocuments(
  attachments: readonly unknown[],
  order: CaseOrder,
  orders: readonly CaseOrder[],
  findStored: (others: readonly CaseOrder[]) => Promise<StoredForOthers>,
): Promise<Pick<PharmacyOrder, 'documents' | 'withdrawn' | 'unreadable'>> {
  if (attachments.length > MOST_ATTACHMENTS) return TOO_MANY;
  const unreadable: string[] = [];
  const withdrawn: string[] = [];
  const others = orders.filter(({ id }) => id !== order.id);
  // Reading the database is only needed for a case with several orders.
  const stored = others.length > 0 ? await findStored(others) : NOTHING_STORED;
  const read = attachments.flatMap((entry, index) => {
    const owner = attachmentOwner.safeParse(entry).data;
    if (!sameId(owner?.orderId ?? order.id, order.id)) return [];
    if (owner?.isDeleted === true) {
      // Only a document that is stored for this order can be withdrawn from it.
      if (owner.id) withdrawn.push(owner.id);
      return [];
    }
    const attachment = caseAttachment.safeParse(entry);
    if (attachment.success) return [toDocument(attachment.data, index)];
    if (owner === undefined || !isOfEarlierOrder(owner, order, stored)) {
      unreadable.push(fieldOf(attachment.error, `attachments[${index}]`));
    }
    return [];
  });

  const documents: PharmacyDocument[] = [];
  // All of them get their ids together: the documents of earlier orders were stored under these.
  // A withdrawn document of another order says nothing about an id of this order.
  const own = withdrawn.filter((id) => !stored.documentIds.has(id));
  for (const { attachment, index, ...document } of distinctDocuments(read, own)) {
    if (attachment.orderId === undefined) {
      if (isOfEarlierOrder({ ...attachment, id: document.id }, order, stored)) continue;
      if (others.some((other) => mayOwn(other, attachment, stored))) {
        throw new PharmacyAnswerError('PHARMACY_DOCUMENTS_AMBIGUOUS');
      }
    }
    if (document.url === '') unreadable.push(`attachments[${index}].url`);
    else documents.push(withHash(document));
  }
  const count = documents.length + withdrawn.length + unreadable.length;
  return count > MOST_DOCUMENTS ? TOO_MANY : { documents, withdrawn, unreadable };
}

const TOO_MANY = { ...NOTHING_OFFERED, unreadable: ['attachments'] };

const NOTHING_STORED: StoredForOthers = { documentIds: new Set(), orderIds: new Set() };

function isOfEarlierOrder(
  { id, createdAt, orderId }: z.output<typeof attachmentOwner>,
  order: CaseOrder,
  stored: StoredForOthers,
): boolean {
  if (orderId !== undefined) return false;
  if (id !== null && id !== undefined && stored.documentIds.has(id)) return true;
  return createdAt !== undefined && order.createdAt !== undefined && createdAt < order.createdAt;
}

/** Whether another order may have made an attachment: completed, not after it, and without documents. */
function mayOwn(other: CaseOrder, { createdAt }: CaseAttachment, stored: StoredForOthers): boolean {
  if (other.status !== 'completed' || stored.orderIds.has(other.id)) return false;
  return !(createdAt !== undefined && other.createdAt !== undefined && createdAt < other.createdAt);
}

/** The document's link; a document that the answer contains becomes a `data:` URL. Empty: it has neither. */
function sourceOf({ url = '', content }: CaseAttachment): string {
  const inline = content?.trim();
  if (inline === undefined || (inline === '' && url !== '')) return url;
  return /^data:/i.test(inline) ? inline : `data:;base64,${inline}`;
}

function toDocument(attachment: CaseAttachment, index: number) {
  const { fileName: name = 'document', size, sha256 } = attachment;
  const url = sourceOf(attachment);
  const contentType = attachment.contentType ?? typeInDataUrl(url) ?? 'application/octet-stream';
  const document = { name, contentType, size, sha256, url };
  return { id: attachment.id ?? derivedId(document), ...document, attachment, index };
}

/**
 * Adds the hash of a document that the answer contains, by which a change under its id is noticed. Only
 * after the documents have their ids: an id that is derived from a document stays the one that is stored.
 */
function withHash(document: PharmacyDocument): PharmacyDocument {
  const bytes = document.sha256 === undefined ? decodeDataUrl(document.url) : undefined;
  if (bytes === undefined) return document;
  return { ...document, sha256: createHash('sha256').update(bytes).digest('hex') };
}

function typeInDataUrl(url: string): string | undefined {
  return essenceOf(/^data:([^;,]*)/i.exec(url)?.[1] ?? '');
}
