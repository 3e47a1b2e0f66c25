import { fieldOf } from './answer-fields.ts';
import { type CaseAttachment, type CaseOrder, caseAttachment } from './carevalidate-answers.ts';
import { distinctDocuments } from './distinct-documents.ts';
import type { PharmacyDocument, PharmacyOrder } from './gateway.ts';
import { PharmacyAnswerError } from './pharmacy-errors.ts';

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
 * before this order was placed.
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
): Promise<Pick<PharmacyOrder, 'documents' | 'unreadable'>> {
  const unreadable: string[] = [];
  const read = attachments.flatMap((entry, index) => {
    const attachment = caseAttachment.safeParse(entry);
    if (attachment.success) return [{ ...attachment.data, index }];
    unreadable.push(fieldOf(attachment.error, `attachments[${index}]`));
    return [];
  });
  const present = read.filter(
    ({ isDeleted, orderId }) => isDeleted !== true && (orderId ?? order.id) === order.id,
  );
  const others = orders.filter(({ id }) => id !== order.id);
  const unnamed = present.some(({ orderId }) => orderId === undefined);
  const stored = unnamed && others.length > 0 ? await findStored(others) : NOTHING_STORED;

  const documents: PharmacyDocument[] = [];
  for (const attachment of present) {
    if (attachment.orderId === undefined) {
      if (isOfEarlierOrder(attachment, order, stored)) continue;
      if (others.some((other) => mayOwn(other, attachment, stored))) {
        throw new PharmacyAnswerError('PHARMACY_DOCUMENTS_AMBIGUOUS');
      }
    }
    const source = sourceOf(attachment);
    if (source === undefined) unreadable.push(`attachments[${attachment.index}].url`);
    else documents.push(toDocument(attachment, source));
  }
  return { documents: distinctDocuments(documents), unreadable };
}

const NOTHING_STORED: StoredForOthers = { documentIds: new Set(), orderIds: new Set() };

function isOfEarlierOrder(
  { id, createdAt }: CaseAttachment,
  order: CaseOrder,
  stored: StoredForOthers,
): boolean {
  if (id !== null && id !== undefined && stored.documentIds.has(id)) return true;
  return createdAt !== undefined && order.createdAt !== undefined && createdAt < order.createdAt;
}

/** Whether another order may have made an attachment: completed, not after it, and without documents. */
function mayOwn(other: CaseOrder, { createdAt }: CaseAttachment, stored: StoredForOthers): boolean {
  if (other.status !== 'completed' || stored.orderIds.has(other.id)) return false;
  return !(createdAt !== undefined && other.createdAt !== undefined && createdAt < other.createdAt);
}

/** The document's link; a document that the answer contains becomes a `data:` URL. */
function sourceOf({ url, content }: CaseAttachment): string | undefined {
  if (content === undefined || (content === '' && url !== undefined)) return url;
  return content.startsWith('data:') ? content : `data:;base64,${content}`;
}

function toDocument(attachment: CaseAttachment, url: string): PharmacyDocument {
  const { id, fileName: name = 'document', size, sha256 } = attachment;
  const contentType = attachment.contentType ?? typeInDataUrl(url) ?? 'application/octet-stream';
  return {
    id:
      id ??
      sha256 ??
      `${name} ${url.startsWith('data:') ? '' : url.replace(/[?#].*$/s, '')}`.slice(0, 255),
    ...{ name, contentType, size, sha256, url },
  };
}

function typeInDataUrl(url: string): string | undefined {
  return /^data:([^;,]+)/.exec(url)?.[1]?.toLowerCase();
}
