/*
 * The answers and webhooks of a pharmacy whose server was written loosely, as real ones are. A client should
 * understand them all (docs/pharmacy-protocol.md, "What rx-orders tolerates"):
 *
 * - ids and tracking ids are numbers, with more digits than a double has;
 * - the reference is in upper case, and the answer to the POST lacks it;
 * - a status has another case or is a word of the pharmacy's own;
 * - an answer is an envelope or a list that contains the one order;
 * - a reason is an object;
 * - a document has no id, name and SHA-256, its size is a text, and its link is relative.
 */

/** An order, as the protocol describes it. */
interface PlainOrder {
  readonly id: string;
  readonly reference: string;
  readonly status: keyof typeof STATUSES;
  readonly reason?: string | undefined;
  readonly documents?: readonly object[];
}

const STATUSES = {
  accepted: 'QUEUED',
  in_progress: 'being compounded',
  completed: 'Completed',
  rejected: 'REJECTED',
  cancelled: 'Canceled',
};

/** Changes an order of the protocol to a loose one. */
export function looseOrder(order: PlainOrder): object {
  const { id, reference, status, reason, documents, ...rest } = order;
  return {
    id,
    reference: reference.toUpperCase(),
    status: STATUSES[status],
    ...rest,
    ...(reason === undefined ? {} : { reason: { category: 'OTHER', text: reason } }),
    ...(documents === undefined ? {} : { documents: documents.map(looseDocument) }),
  };
}

function looseDocument({ size, url }: { size?: number; url?: string }): object {
  const path = url?.replace(/^.*(?=orders\/)/, '');
  return { contentType: 'application/PDF; charset=binary', size: String(size), url: path };
}

/** The answer to the POST that placed an order, or to its cancellation. */
export function looseReceipt({ id, status }: Pick<PlainOrder, 'id' | 'status'>): string {
  return looseJson({ data: { order: { id, status: STATUSES[status] } } });
}

/** Writes JSON. Ids that consist of digits become numbers, digit for digit. */
export function looseJson(value: object): string {
  return JSON.stringify(value).replace(/"(id|trackingId)":"([1-9]\d*)"/g, '"$1":$2');
}
