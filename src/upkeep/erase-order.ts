import { type AuditSource, recordAudit } from '../audit/record-audit.ts';
import type { OrderStatus } from '../contract/order.ts';
import { OperatorConflictError, UnknownIdError } from '../lib/operator-errors.ts';
import { isUuid } from '../lib/uuid.ts';
import { isEnd } from '../orders/status.ts';
import type { Database, Sql } from '../storage/database.ts';
import { inTransaction } from '../storage/transaction.ts';

/**
 * Erases an order's patient data from Postgres in one transaction: the order's key and fields, the rows
 * of its documents and shipments, the answers of webhook receivers, and the texts that people wrote about
 * it. It also erases the patient of the case if the case has no other order that is not erased. Ids,
 * times, codes and counts remain. {@link startEraser} removes documents and workflows afterwards.
 * Repeating the call changes nothing.
 *
 * @param by the actor, for the timeline and the audit log.
 * @throws {UnknownIdError} the order does not exist.
 * @throws {OperatorConflictError} the order has not ended.
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
        `the order is ${order.status}: only an order that has ended can be erased; end it with rx order cancel`,
      );
    }
    await eraseRows(sql, orderId, by);
    await eraseCase(sql, order);
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
  // Notifications that are still pending would have no content.
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
  await sql`UPDATE access_reasons SET reason = NULL WHERE order_id = ${orderId}`;
  await sql`DELETE FROM order_news WHERE order_id = ${orderId}`;
  const documents = await sql`DELETE FROM documents WHERE order_id = ${orderId}`;
  const shipments = await sql`DELETE FROM shipments WHERE order_id = ${orderId}`;
  // Without the key, other data that it has sealed, such as in events, cannot be opened.
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

/** The actor that erases an order after its retention time. */
export const RETENTION = { actorKind: 'system', actor: 'retention' } as const;

async function eraseCase(
  sql: Sql,
  { organizationId, caseId }: Pick<ErasedOrder, 'organizationId' | 'caseId'>,
): Promise<void> {
  const ofCase = sql`organization_id = ${organizationId} AND case_id = ${caseId}`;
  const isCase = sql`organization_id = ${organizationId} AND id = ${caseId}`;
  // The lock prevents that an order for this case is accepted at the same time.
  await sql`SELECT FROM cases WHERE ${isCase} FOR UPDATE`;
  await sql`
    UPDATE cases SET data_key = NULL, patient_hash = NULL, email_hash = NULL, patient = NULL, address = NULL,
      updated_at = now()
    WHERE ${isCase} AND NOT EXISTS (SELECT FROM orders WHERE ${ofCase} AND erased_at IS NULL)`;
}
