import { v5 as uuidv5 } from 'uuid';
import type { Measures } from '../documents/checked-bytes.ts';
import { sharedId } from '../lib/shared-id.ts';
import { readOrderDataKey } from '../orders/order-data-key.ts';
import { documentNameField } from '../orders/read-order.ts';
import type { PharmacyDocument } from '../pharmacy/gateway.ts';
import type { Sql } from '../storage/database.ts';

/** A version of a document, which is to be stored. */
interface NextVersion {
  readonly documentId: string;
  /** From 1. */
  readonly version: number;
  /** The id of the version before; null for the first one. */
  readonly supersedes: string | null;
}

/**
 * Compares a document that the pharmacy offers with its newest stored version. If documents share an id,
 * the id of one depends on whether the list names the others, so a document with the same bytes under
 * the shared id counts as that version too.
 *
 * @returns the version to store, or the id of the version that is stored already.
 */
export async function nextVersion(
  sql: Sql,
  orderId: string,
  { id, size, sha256 }: PharmacyDocument,
): Promise<NextVersion | { readonly storedId: string }> {
  const shared = await newestVersions(sql, orderId, id);
  const same = shared.find((each) => !each.isDeleted && each.sha256 === sha256);
  if (same !== undefined) return { storedId: same.id };
  const newest = shared.find(({ pharmacyDocumentId }) => pharmacyDocumentId === id);
  // Derived from the order's id and the pharmacy's id of the document, so that an attempt after a
  // crash stores the document again under the same id.
  if (newest === undefined) {
    return { documentId: uuidv5(id, orderId), version: 1, supersedes: null };
  }
  const isSame =
    (sha256 ?? newest.sha256) === newest.sha256 &&
    (size ?? Number(newest.size)) === Number(newest.size);
  if (isSame && !newest.isDeleted) return { storedId: newest.id };
  const version = newest.version + 1;
  const documentId = uuidv5(`${id} version ${version}`, orderId);
  return { documentId, version, supersedes: newest.id };
}

/**
 * Records a stored document and its timeline row. Safe to repeat. The timeline row makes the event
 * `ADD_CASE_ATTACHMENT`, by a database trigger; see `changeStatus`.
 */
export async function recordDocument(
  sql: Sql,
  orderId: string,
  document: Omit<PharmacyDocument, 'url'> &
    Measures &
    NextVersion & { readonly storageKey: string },
): Promise<void> {
  const key = await readOrderDataKey(sql, orderId);
  if (key === undefined) return; // the order was erased meanwhile
  const name = key.seal(documentNameField(document.documentId), document.name);
  await sql`
    WITH stored AS (
      INSERT INTO documents (id, order_id, pharmacy_document_id, name, content_type, size, sha256,
        storage_key, version, supersedes)
      VALUES (${document.documentId}, ${orderId}, ${document.id}, ${name}, ${document.contentType},
        ${document.size}, ${document.sha256}, ${document.storageKey}, ${document.version},
        ${document.supersedes})
      ON CONFLICT DO NOTHING
      RETURNING id, order_id
    )
    INSERT INTO order_activity (order_id, actor, event, detail)
    SELECT order_id, 'system', 'DOCUMENT_STORED', jsonb_build_object('documentId', id) FROM stored`;
}

/**
 * Records that the pharmacy withdrew a document. If several documents share the id, it withdrew those
 * that its list no longer offers. Safe to repeat. The bytes stay readable. Each timeline row makes an
 * event `DELETE_ATTACHMENT`.
 *
 * @param pharmacyDocumentId the pharmacy's id of the document.
 * @param offered our ids of the documents that the list still offers.
 */
export async function recordWithdrawal(
  sql: Sql,
  orderId: string,
  pharmacyDocumentId: string,
  offered: readonly string[],
): Promise<void> {
  const stored = await newestVersions(sql, orderId, pharmacyDocumentId);
  const gone = stored.map(({ id }) => id).filter((id) => !offered.includes(id));
  await sql`
    WITH withdrawn AS (
      UPDATE documents SET deleted_at = now()
      WHERE order_id = ${orderId} AND id = ANY(${gone}::uuid[]) AND deleted_at IS NULL
      RETURNING id, order_id
    )
    INSERT INTO order_activity (order_id, actor, event, detail)
    SELECT order_id, 'pharmacy', 'DOCUMENT_WITHDRAWN', jsonb_build_object('documentId', id)
    FROM withdrawn`;
}

/** Reads the newest version of each document that has, or shares, a pharmacy's id of a document. */
async function newestVersions(sql: Sql, orderId: string, id: string): Promise<StoredVersion[]> {
  const shared = sharedId(id);
  const found = await sql<StoredVersion[]>`
    SELECT DISTINCT ON (pharmacy_document_id)
      id, pharmacy_document_id, version, size, sha256, deleted_at IS NOT NULL AS is_deleted
    FROM documents
    WHERE order_id = ${orderId} AND (pharmacy_document_id = ANY(${[id, shared]})
      OR starts_with(pharmacy_document_id, ${`${shared} `}))
    ORDER BY pharmacy_document_id, version DESC`;
  // An id may begin like another one.
  return found.filter(({ pharmacyDocumentId }) => sharedId(pharmacyDocumentId) === shared);
}

interface StoredVersion {
  readonly id: string;
  readonly pharmacyDocumentId: string;
  readonly version: number;
  readonly size: string;
  readonly sha256: string;
  readonly isDeleted: boolean;
}
