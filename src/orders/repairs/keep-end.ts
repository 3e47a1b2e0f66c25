import type { OrderStatus } from '../../contract/order.ts';
import type { Database, Sql } from '../../storage/database.ts';
import { inTransaction } from '../../storage/transaction.ts';
import { changeStatus } from '../change-status.ts';
import { notifyAtCommit } from '../dispatcher-notifier.ts';
import { readOrderDataKey } from '../order-data-key.ts';
import { ENDS } from '../status.ts';
import { noteApplied, type RepairRequest } from './repair.ts';
import { RepairRefusedError } from './repair-errors.ts';
import { readStatus, withRepair } from './with-repair.ts';

/**
 * Keeps the end that an order had before it was reopened, whatever its pharmacy says. It works while
 * Temporal is unreachable; the order's workflow ends afterwards.
 *
 * @throws {UnknownIdError} there is no such order.
 * @throws {RepairRefusedError} the order does not need attention, or had not ended before.
 */
export async function keepEnd(
  database: Database,
  orderId: string,
  request: RepairRequest,
): Promise<void> {
  await readStatus(database, orderId);
  await withRepair(database, 'keep', orderId, request, async (repairId) => {
    await inTransaction(database, async (sql) => {
      const [order] = await sql<{ status: OrderStatus }[]>`
        SELECT status FROM orders WHERE id = ${orderId} FOR UPDATE`;
      if (order?.status !== 'NEEDS_ATTENTION') {
        throw RepairRefusedError.inStatus(order?.status ?? 'unknown');
      }
      const [last] = await sql<{ fromStatus: OrderStatus }[]>`
        SELECT from_status FROM order_activity
        WHERE order_id = ${orderId} AND event = 'STATUS_CHANGED' AND from_status <> to_status
        ORDER BY id DESC LIMIT 1`;
      if (last === undefined || !ENDS.includes(last.fromStatus)) {
        const message = 'the order had not ended before; retry it or cancel it';
        throw new RepairRefusedError('NO_END_TO_KEEP', message);
      }
      const why = await readReasonOfEnd(sql, orderId, last.fromStatus);
      await noteApplied(sql, repairId, request.source);
      await changeStatus(sql, orderId, {
        ...{ from: 'NEEDS_ATTENTION', to: last.fromStatus, actor: 'operator' },
        ...why,
      });
      // Wakes the workflow that waits for a repair: it follows Postgres and ends.
      await sql`
        INSERT INTO outbox (order_id, kind) VALUES (${orderId}, 'cancel')
        RETURNING ${notifyAtCommit(sql)}`;
    });
  });
}

/**
 * Reads why an order ended. The timeline has the code; the event of the end has the text, still
 * encrypted with the order's data key.
 */
async function readReasonOfEnd(
  sql: Sql,
  orderId: string,
  end: OrderStatus,
): Promise<{ readonly reasonCode?: string; readonly reason?: string }> {
  const [row] = await sql<{ reasonCode: string | null; reason: string | null }[]>`
    SELECT
      (SELECT reason_code FROM order_activity WHERE order_id = ${orderId} AND to_status = ${end}
        ORDER BY id DESC LIMIT 1) AS reason_code,
      (SELECT content -> 'order' ->> 'reason' FROM events
        WHERE order_id = ${orderId} AND event = 'ORDER_STATUS_CHANGED'
          AND content -> 'order' ->> 'status' = ${end}
        ORDER BY sequence DESC LIMIT 1) AS reason`;
  const key = await readOrderDataKey(sql, orderId);
  const reason = key?.open('reason', row?.reason ?? null) ?? null;
  return {
    ...(row?.reasonCode ? { reasonCode: row.reasonCode } : {}),
    ...(reason === null ? {} : { reason }),
  };
}
