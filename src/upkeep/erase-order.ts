import { type AuditSource, recordAudit } from '../audit/record-audit.ts';
import type { OrderStatus } from '../contract/order.ts';
import { OperatorConflictError, UnknownIdError } from '../lib/operator-errors.ts';
import { isUuid } from '../lib/uuid.ts';
import { isEnd } from '../orders/status.ts';
import type { Database, Sql } from '../storage/database.ts';
import { inTransaction } from '../storage/transaction.ts';

/**
 * Erases what Postgres holds of an order's patient, in one transaction: the order's key and fields, its
 * documents' and parcels' rows, what receivers answered to its webhooks and people's words about it;
 * and the patient of its case, when no other order is left there. Ids, times, codes and counts stay.
 * Documents and workflows follow by {@link startEraser}. Repeating it changes nothing.
 *
 * @param by who wants it; stands in the timeline and in the audit log.
 * @throws {UnknownIdError} there is no such order.
 * @throws {OperatorConflictError} it has not ended.
 */
export async function eraseOrder(
  database: Database,
  orderId: string,
  by: AuditSource,
): Promise<void> {
  if (!isUuid(orderId)) throw new UnknownIdError('order');
  await inTransaction(database, async (sql) => {
    const [order] = await sql<ErasedOrder[]>`
      SELECT status, organization_id, case_id, erased_at FROM orders WHERE id = ${orderId} FOR UPDATE`;
    if (order === undefined) throw new UnknownIdError('order');
    if (order.erasedAt !== null) return;
    if (!isEnd(order.status)) {
      throw new OperatorConflictError(
        `the order is ${order.status}: only one that has ended can be erased; rx order cancel ends it`,
      );
    }
    await eraseRows(sql, orderId, by);
    await eraseCase(sql, order.caseId);
    await recordAudit(sql, {
      ...by,
      action: 'ORDER_ERASED',
      organizationId: order.organizationId,
      caseId: order.caseId,
      orderId,
      result: 'OK',
    });
  });
}

interface ErasedOrder {
  status: OrderStatus;
  organizationId: string;
  caseId: string;
  erasedAt: Date | null;
}

async function eraseRows(sql: Sql, orderId: string, by: AuditSource): Promise<void> {
  // What is still to be told of it would tell nothing any more.
  await sql`
    UPDATE webhook_deliveries SET status = 'CANCELLED', next_attempt_at = NULL,
      workflow_wanted = false
    WHERE status IN ('PENDING', 'RETRYING')
      AND event_id IN (SELECT id FROM events WHERE order_id = ${orderId})`;
  await sql`
    UPDATE webhook_attempts SET answer_start = NULL
    WHERE answer_start IS NOT NULL AND delivery_id IN (
      SELECT d.id FROM webhook_deliveries AS d JOIN events ON events.id = d.event_id
      WHERE order_id = ${orderId})`;
  await sql`UPDATE order_repairs SET reason = NULL WHERE order_id = ${orderId}`;
  const documents = await sql`DELETE FROM documents WHERE order_id = ${orderId}`;
  const shipments = await sql`DELETE FROM shipments WHERE order_id = ${orderId}`;
  // What else its key has sealed, as in its events, does not open without it.
  await sql`
    UPDATE orders SET erased_at = now(), data_key = NULL, prescription = NULL,
      shipping_address = NULL, case_key = NULL, case_address = NULL, reason = NULL,
      cancel_reason = NULL, idempotency_key = NULL
    WHERE id = ${orderId}`;
  const detail = { by: by.actor, documents: documents.count, shipments: shipments.count };
  await sql`
    INSERT INTO order_activity (order_id, actor, event, detail)
    VALUES (${orderId}, ${by.actorKind}, 'ERASED', ${sql.json(detail)})`;
}

/** Who erases an order whose time is up. */
export const RETENTION = { actorKind: 'system', actor: 'retention' } as const;

async function eraseCase(sql: Sql, caseId: string): Promise<void> {
  // The lock keeps an order from being accepted for the case meanwhile.
  await sql`SELECT FROM cases WHERE id = ${caseId} FOR UPDATE`;
  await sql`
    UPDATE cases SET data_key = NULL, patient_hash = NULL, patient = NULL, address = NULL,
      updated_at = now()
    WHERE id = ${caseId}
      AND NOT EXISTS (SELECT FROM orders WHERE case_id = ${caseId} AND erased_at IS NULL)`;
}
