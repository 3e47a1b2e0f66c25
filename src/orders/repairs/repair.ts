import type { Sql } from '../../storage/database.ts';
import { sealForOrder } from '../order-data-key.ts';

/**
 * An operator's intervention: retry the order, cancel it, link a pharmacy's message to it, or keep the
 * end that it had.
 */
export type RepairKind = 'retry' | 'cancel' | 'link' | 'keep';

/** Who requests a repair, and why. */
export interface RepairRequest {
  /** The operator's name. The login in Postgres, not the name, shows that it is an operator. */
  readonly by: string;
  /** The operator's machine, for the audit log; only if the repair is applied there. */
  readonly source?: string;
  /** A free text that operators see in the timeline; never logged, never sent to Temporal. */
  readonly reason?: string | undefined;
  /** The pharmacy's id of the order, if the recorded one is missing or wrong. */
  readonly pharmacyOrderId?: string | undefined;
  /**
   * The version of the order that the operator decided about, as `updated_at` of its row in the text form of Postgres. A
   * repair of an order that has changed since is refused, and so is the same repair of the same version.
   */
  readonly version?: string | undefined;
}

/**
 * Stores a requested repair, once for each id. The caller of {@link noteApplied} applies it.
 *
 * @returns false if there is a repair with this id already.
 * @param repair.isClaimed whether nobody has verified the name. By default the role in Postgres decides:
 *   a name that the server's role stores is claimed.
 */
export async function storeRepair(
  sql: Sql,
  repair: RepairRequest & {
    id: string;
    orderId: string;
    kind: RepairKind;
    isClaimed?: boolean;
  },
): Promise<boolean> {
  const { id, orderId, isClaimed } = repair;
  const reason = await sealForOrder(sql, orderId, repairReasonField(id), repair.reason);
  const stored = await sql`
    INSERT INTO order_repairs (id, order_id, kind, requested_by, reason, pharmacy_order_id
      ${isClaimed === undefined ? sql`` : sql`, is_claimed`})
    VALUES (${repair.id}, ${repair.orderId}, ${repair.kind}, ${repair.by},
      ${reason}, ${repair.pharmacyOrderId ?? null} ${isClaimed === undefined ? sql`` : sql`, ${isClaimed}`})
    ON CONFLICT (id) DO NOTHING`;
  return stored.count === 1;
}

/** Who requested a repair, for the audit log and the timeline of operators: a claimed name says so. */
export function requesterColumn(sql: Sql) {
  return sql`CASE WHEN is_claimed THEN 'claimed:' || requested_by ELSE requested_by END`;
}

/** The field name under which a repair's reason is encrypted, with the order's data key. */
export function repairReasonField(repairId: string): string {
  return `repair/${repairId}/reason`;
}

/**
 * Marks a repair as applied and records it in the timeline and in the audit log. Call it in the
 * transaction that applies the repair.
 *
 * @param source see {@link RepairRequest}.
 */
export async function noteApplied(sql: Sql, repairId: string, source?: string): Promise<void> {
  await sql`
    WITH applied AS (
      UPDATE order_repairs SET applied_at = now() WHERE id = ${repairId}
      RETURNING order_id, kind, ${requesterColumn(sql)} AS requester
    ), recorded AS (
      INSERT INTO audit_log (actor_kind, actor, action, organization_id, case_id, order_id, source,
        result)
      SELECT 'operator', requester,
        CASE kind WHEN 'retry' THEN 'ORDER_RETRIED' WHEN 'cancel' THEN 'ORDER_CANCEL_REQUESTED'
          WHEN 'keep' THEN 'ORDER_END_KEPT' ELSE 'MESSAGE_LINKED' END,
        organization_id, case_id, orders.id, ${source ?? null}, 'OK'
      FROM applied JOIN orders ON orders.id = order_id
    )
    INSERT INTO order_activity (order_id, actor, event, detail)
    SELECT order_id, 'operator', 'REPAIR_' || upper(kind), ${sql.json({ repairId })} FROM applied`;
}
