import type { Measures } from '../documents/checked-bytes.ts';
import { readOrderDataKey } from '../orders/order-data-key.ts';
import { documentNameField } from '../orders/read-order.ts';
import type { PharmacyDocument } from '../pharmacy/gateway.ts';
import type { Sql } from '../storage/database.ts';

/** Whether a document has been stored and recorded. */
export async function isStored(sql: Sql, documentId: string): Promise<boolean> {
  const rows = await sql`SELECT FROM documents WHERE id = ${documentId}`;
  return rows.length > 0;
}

/**
 * Records a stored document and its timeline row. Safe to repeat. The timeline row makes the event
 * `ADD_CASE_ATTACHMENT`, by a database trigger; see `changeStatus`.
 */
export async function recordDocument(
  sql: Sql,
  orderId: string,
  document: Omit<PharmacyDocument, 'url'> &
    Measures & { readonly documentId: string; readonly storageKey: string },
): Promise<void> {
  const key = await readOrderDataKey(sql, orderId);
  if (key === undefined) return; // the order was erased meanwhile
  const name = key.seal(documentNameField(document.documentId), document.name);
  await sql`
    WITH stored AS (
      INSERT INTO documents (
        id, order_id, pharmacy_document_id, name, content_type, size, sha256, storage_key)
      VALUES (${document.documentId}, ${orderId}, ${document.id}, ${name},
        ${document.contentType}, ${document.size}, ${document.sha256}, ${document.storageKey})
      ON CONFLICT DO NOTHING
      RETURNING id, order_id
    )
    INSERT INTO order_activity (order_id, actor, event, detail)
    SELECT order_id, 'system', 'DOCUMENT_STORED', jsonb_build_object('documentId', id) FROM stored`;
}
