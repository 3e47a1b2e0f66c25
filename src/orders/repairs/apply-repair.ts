import type { OrderStatus } from '../../contract/order.ts';
import type { Database, Sql } from '../../storage/database.ts';
import { inTransaction } from '../../storage/transaction.ts';
import { requestCancellation } from '../cancellation.ts';
import { readOrderDataKey } from '../order-data-key.ts';
import { lockPharmacyOrder } from '../pharmacy-order-lock.ts';
import { isEnd } from '../status.ts';
import { noteApplied, type RepairKind, repairReasonField } from './repair.ts';
import { RepairRefusedError } from './repair-errors.ts';

/**
 * Applies a stored repair in Postgres and records it in the timeline. Safe to repeat: an applied repair
 * does nothing.
 *
 * @param source the operator's machine, for the audit log; only if the repair is applied there.
 * @throws {RepairRefusedError} the order has no such repair, the order has ended, or another order has
 *   the corrected id. Nothing is changed then.
 */
export async function applyRepair(
  database: Database,
  orderId: string,
  repairId: string,
  source?: string,
): Promise<void> {
  await inTransaction(database, async (sql) => {
    // Lock the order's row first, as everywhere, so that concurrent repairs run one after the other.
    const [order] = await sql<OrderRow[]>`
      SELECT organization_id, pharmacy_id, status FROM orders WHERE id = ${orderId} FOR UPDATE`;
    const [repair] = await sql<RepairRow[]>`
      SELECT kind, reason, pharmacy_order_id, applied_at FROM order_repairs
      WHERE id = ${repairId} AND order_id = ${orderId}`;
    if (order === undefined || repair === undefined) {
      throw new RepairRefusedError('REPAIR_UNKNOWN', 'there is no such repair of this order');
    }
    if (repair.appliedAt !== null) return;
    if (isEnd(order.status)) throw RepairRefusedError.inStatus(order.status);
    await noteApplied(sql, repairId, source);
    if (repair.kind === 'cancel') {
      const key = await readOrderDataKey(sql, orderId);
      const reason = key?.open(repairReasonField(repairId), repair.reason) ?? null;
      const request = { actor: 'operator', ...(reason === null ? {} : { reason }) } as const;
      const { organizationId } = order;
      await requestCancellation(sql, { organizationId, orderId }, request);
    }
    if (repair.pharmacyOrderId !== null) {
      await correctPharmacyOrderId(sql, orderId, order.pharmacyId, repair.pharmacyOrderId);
    }
  });
}

/** Sets the pharmacy's order id. The next step verifies at the pharmacy that the order is ours. */
async function correctPharmacyOrderId(
  sql: Sql,
  orderId: string,
  pharmacyId: string,
  pharmacyOrderId: string,
): Promise<void> {
  await lockPharmacyOrder(sql, pharmacyId, pharmacyOrderId);
  const others = await sql`
    SELECT FROM orders WHERE pharmacy_id = ${pharmacyId}
      AND pharmacy_order_id = ${pharmacyOrderId} AND id <> ${orderId}`;
  if (others.length > 0) {
    throw new RepairRefusedError(
      'PHARMACY_ORDER_TAKEN',
      'another order has this pharmacy order id',
    );
  }
  // The pharmacy has the order, so it counts as sent: a cancellation has to go through the pharmacy.
  await sql`
    UPDATE orders SET pharmacy_order_id = ${pharmacyOrderId}, sent_at = coalesce(sent_at, now()),
      updated_at = now()
    WHERE id = ${orderId}`;
}

interface OrderRow {
  readonly organizationId: string;
  readonly pharmacyId: string;
  readonly status: OrderStatus;
}

interface RepairRow {
  readonly kind: RepairKind;
  readonly reason: string | null;
  readonly pharmacyOrderId: string | null;
  readonly appliedAt: Date | null;
}
