import { z } from 'zod';
import { sameId } from '../lib/uuid.ts';
import {
  fieldOf,
  fileName,
  id,
  mediaType,
  readField,
  reason,
  sha256,
  shipment,
  size,
} from './answer-fields.ts';
import { derivedId, distinctDocuments } from './distinct-documents.ts';
import {
  MOST_DOCUMENTS,
  NOTHING_OFFERED,
  type PharmacyDocument,
  type PharmacyOrder,
} from './gateway.ts';
import { PharmacyAnswerError } from './pharmacy-errors.ts';

/*
 * The answers of a pharmacy that speaks the `rest` protocol (docs/pharmacy-protocol.md). They are read
 * liberally: a field that cannot be read affects only what needs it.
 */

/** A document of an order. */
const restDocument = z.object({
  id: id.nullish(),
  name: fileName,
  contentType: mediaType,
  size,
  sha256,
  url: z.string().min(1).max(8_192),
});

/** A document that the pharmacy has withdrawn. */
const withdrawnDocument = z.object({ id, withdrawn: z.literal(true) });

/** An order, without its documents: {@link restDocument} reads each of them. */
export const restOrder = z.object({
  id,
  reference: id.optional().catch(undefined),
  status: z.unknown().optional().transform(statusOf),
  reason,
});

const STATUSES: ReadonlyMap<string, PharmacyOrder['status']> = new Map([
  ['accepted', 'accepted'],
  ['in_progress', 'in_progress'],
  ['completed', 'completed'],
  ['rejected', 'rejected'],
  ['cancelled', 'cancelled'],
  ['canceled', 'cancelled'],
]);

/** Maps a status to ours. An unknown status means that the pharmacy still works on the order. */
function statusOf(value: unknown): PharmacyOrder['status'] {
  const word = typeof value === 'string' ? value.trim().toLowerCase().replace(/[\s-]/g, '_') : '';
  return STATUSES.get(word) ?? 'in_progress';
}

/**
 * Reads the answer that contains an order: the order itself, or a list or an envelope with that one
 * order.
 *
 * @param wanted our reference, or the pharmacy's id, of the order that was asked for.
 * @returns undefined if the answer is an empty list.
 * @throws {PharmacyAnswerError} `PHARMACY_BAD_ANSWER` with the field that could not be read.
 */
export function readRestOrder(
  answer: unknown,
  wanted: { readonly reference: string } | { readonly id: string },
): PharmacyOrder | undefined {
  const candidates = candidatesIn(answer);
  const only = candidates.length === 1 ? candidates[0] : pick(candidates, wanted);
  if (only === undefined) {
    if (candidates.length === 0) return undefined;
    throw new PharmacyAnswerError('PHARMACY_BAD_ANSWER', Object.keys(wanted)[0]);
  }
  const order = readField(restOrder, only);
  // An unreadable parcel must not stop the order.
  const { data: parcel } = shipment.safeParse(only);
  return {
    ...order,
    shipment: parcel,
    ...readDocuments((only as { documents?: unknown }).documents),
  };
}

const ENVELOPES = ['order', 'orders', 'data', 'items', 'results'] as const;
const MOST_ENVELOPES = 3;

/** The orders of an answer. A body that is neither a list nor an envelope counts as one order. */
function candidatesIn(answer: unknown): readonly unknown[] {
  let inner = answer;
  for (let opened = 0; opened <= MOST_ENVELOPES; opened += 1) {
    if (Array.isArray(inner)) return inner;
    if (typeof inner !== 'object' || inner === null || 'id' in inner) break;
    const fields = inner as Record<string, unknown>;
    const name = ENVELOPES.find(
      (each) => typeof fields[each] === 'object' && fields[each] !== null,
    );
    if (name === undefined) break;
    inner = fields[name];
  }
  return [inner];
}

/** Returns the only order of a list that has the wanted reference or id. */
function pick(
  candidates: readonly unknown[],
  wanted: { readonly reference: string } | { readonly id: string },
): unknown {
  const [[key, value] = ['', '']] = Object.entries(wanted);
  const matching = candidates.filter((candidate) => {
    const order = restOrder.safeParse(candidate);
    const found = order.success ? order.data[key as 'reference' | 'id'] : undefined;
    return found !== undefined && sameId(found, value);
  });
  return matching.length === 1 ? matching[0] : undefined;
}

/** Reads the documents; `unreadable` names the field of each document that cannot be fetched. */
function readDocuments(
  list: unknown,
): Pick<PharmacyOrder, 'documents' | 'withdrawn' | 'unreadable'> {
  if (list === null || list === undefined) return NOTHING_OFFERED;
  if (!Array.isArray(list) || list.length > MOST_DOCUMENTS) {
    return { ...NOTHING_OFFERED, unreadable: ['documents'] };
  }
  const withdrawn: string[] = [];
  const documents: PharmacyDocument[] = [];
  const unreadable: string[] = [];
  for (const [index, each] of list.entries()) {
    const gone = withdrawnDocument.safeParse(each);
    if (gone.success) {
      withdrawn.push(gone.data.id);
      continue;
    }
    const document = restDocument.safeParse(each);
    if (!document.success) {
      unreadable.push(fieldOf(document.error, `documents[${index}]`));
      continue;
    }
    const { name = 'document', contentType = 'application/octet-stream', ...rest } = document.data;
    const read = { ...rest, name, contentType };
    documents.push({ ...read, id: read.id ?? derivedId(read) });
  }
  return { documents: distinctDocuments(documents, withdrawn), withdrawn, unreadable };
}
