import { v5 as uuidv5 } from 'uuid';
import type { Measures } from '../documents/checked-bytes.ts';
import type { SubjectKey } from '../keys/subject-key.ts';
import { sharedId } from '../lib/shared-id.ts';
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

/** The newest stored version of each document of an order, by the pharmacy's id of the document. */
export type NewestVersions = Map<string, StoredVersion>;

/** Reads the {@link NewestVersions}. */
export async function readNewestVersions(sql: Sql, orderId: string): Promise<NewestVersions> {
  const rows = await sql<(Omit<StoredVersion, 'size'> & { size: string })[]>`
    SELECT DISTINCT ON (pharmacy_document_id)
      id, pharmacy_document_id, version, size, sha256, deleted_at IS NOT NULL AS is_deleted
    FROM documents WHERE order_id = ${orderId}
    ORDER BY pharmacy_document_id, version DESC`;
  return new Map(rows.map((row) => [row.pharmacyDocumentId, { ...row, size: Number(row.size) }]));
}

interface StoredVersion {
  readonly id: string;
  readonly pharmacyDocumentId: string;
  readonly version: number;
  readonly size: number;
  readonly sha256: string;
  readonly isDeleted: boolean;
}

/**
 * Compares a document that the pharmacy offers with its newest stored version. If documents share an id,
 * the id of one depends on whether the list names the others, so a document with the same bytes under
 * the shared id counts as that version too.
 *
 * @returns the version to store, or the id of the version that is stored already.
 */
export function nextVersion(
  stored: NewestVersions,
  orderId: string,
  { id, size, sha256 }: PharmacyDocument,
): NextVersion | { readonly storedId: string } {
  const same = sharing(stored, id).find((each) => !each.isDeleted && each.sha256 === sha256);
  if (same !== undefined) return { storedId: same.id };
  const newest = stored.get(id);
  // Derived from the order's id and the pharmacy's id of the document, so that an attempt after a
  // crash stores the document again under the same id.
  if (newest === undefined) {
    return { documentId: uuidv5(id, orderId), version: 1, supersedes: null };
  }
  const isSame =
    (sha256 ?? newest.sha256) === newest.sha256 && (size ?? newest.size) === newest.size;
  if (isSame && !newest.isDeleted) return { storedId: newest.id };
  const version = newest.version + 1;
  const documentId = uuidv5(`${id} version ${version}`, orderId);
  return { documentId, version, supersedes: newest.id };
}

/**
 * Records a stored document and its timeline row. Safe to repeat; does nothing if the order was erased
 * meanwhile. The timeline row makes the event `ADD_CASE_ATTACHMENT`, by a database trigger; see
 * `changeStatus`.
 *
 * @param order.key the order's data key, which encrypts the name.
 */
export async function recordDocument(
  sql: Sql,
  order: { readonly id: string; readonly key: SubjectKey },
  document: Omit<PharmacyDocument, 'url'> &
    Measures &
    NextVersion & { readonly storageKey: string },
): Promise<void> {
  const name = order.key.seal(documentNameField(document.documentId), document.name);
  await sql`
    WITH stored AS (
      INSERT INTO documents (id, order_id, pharmacy_document_id, name, content_type, size, sha256,
        storage_key, version, supersedes)
      SELECT ${document.documentId}, id, ${document.id}, ${name}, ${document.contentType},
        ${document.size}, ${document.sha256}, ${document.storageKey}, ${document.version},
        ${document.supersedes}
      FROM orders WHERE id = ${order.id} AND data_key IS NOT NULL
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
 * @param withdrawn.id the pharmacy's id of the document.
 * @param withdrawn.offeredIds our ids of the documents that the list still offers.
 */
export async function recordWithdrawal(
  sql: Sql,
  orderId: string,
  stored: NewestVersions,
  { id, offeredIds }: { readonly id: string; readonly offeredIds: readonly string[] },
): Promise<void> {
  const gone = sharing(stored, id)
    .map((version) => version.id)
    .filter((versionId) => !offeredIds.includes(versionId));
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

/** The versions of the documents that have, or share, a pharmacy's id of a document. */
function sharing(stored: NewestVersions, id: string): StoredVersion[] {
  const shared = sharedId(id);
  return [...stored.values()].filter(
    ({ pharmacyDocumentId }) => sharedId(pharmacyDocumentId) === shared,
  );
}
