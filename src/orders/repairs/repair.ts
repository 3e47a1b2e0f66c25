import type { Sql } from '../../storage/database.ts';
import { sealForOrder } from '../order-data-key.ts';

/** What people can have done with an order: sent on, cancelled, given a pharmacy's message. */
export type RepairKind = 'retry' | 'cancel' | 'link';

/** Who wants an order repaired, and why. */
export interface RepairRequest {
  /** The person, as the deployment knows them. */
  readonly by: string;
  /** The machine that it is asked for on, for the audit log; where it is done there. */
  readonly source?: string;
  /** In words, for the order's timeline as operators see it; never logged, never in Temporal. */
  readonly reason?: string | undefined;
  /** The pharmacy's id of the order, when the one that is recorded is missing or wrong. */
  readonly pharmacyOrderId?: string | undefined;
}

/** Notes what somebody wants done; once for each id. It is done by {@link noteApplied}'s caller. */
export async function storeRepair(
  sql: Sql,
  repair: RepairRequest & { id: string; orderId: string; kind: RepairKind },
): Promise<void> {
  const { id, orderId } = repair;
  const reason = await sealForOrder(sql, orderId, repairReasonField(id), repair.reason);
  await sql`
    INSERT INTO order_repairs (id, order_id, kind, requested_by, reason, pharmacy_order_id)
    VALUES (${repair.id}, ${repair.orderId}, ${repair.kind}, ${repair.by},
      ${reason}, ${repair.pharmacyOrderId ?? null})
    ON CONFLICT (id) DO NOTHING`;
}

/** The field of the order that a repair's reason is sealed as. */
export function repairReasonField(repairId: string): string {
  return `repair/${repairId}/reason`;
}

/**
 * Marks a repair as done and tells so in the timeline and in the audit log; in the transaction that
 * does it.
 *
 * @param source see {@link RepairRequest}.
 */
export async function noteApplied(sql: Sql, repairId: string, source?: string): Promise<void> {
  await sql`
    WITH applied AS (
      UPDATE order_repairs SET applied_at = now() WHERE id = ${repairId} RETURNING order_id, kind, requested_by
    ), recorded AS (
      INSERT INTO audit_log (actor_kind, actor, action, organization_id, case_id, order_id, source,
        result)
      SELECT 'operator', requested_by,
        CASE kind WHEN 'retry' THEN 'ORDER_RETRIED' WHEN 'cancel' THEN 'ORDER_CANCEL_REQUESTED'
          ELSE 'MESSAGE_LINKED' END,
        organization_id, case_id, orders.id, ${source ?? null}, 'OK'
      FROM applied JOIN orders ON orders.id = order_id
    )
    INSERT INTO order_activity (order_id, actor, event, detail)
    SELECT order_id, 'operator', 'REPAIR_' || upper(kind), ${sql.json({ repairId })} FROM applied`;
}
