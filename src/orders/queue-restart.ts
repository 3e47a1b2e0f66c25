import type { Sql } from '../storage/database.ts';
import { notifyAtCommit } from './dispatcher-notifier.ts';

/**
 * Queues the start of a new workflow for an open order, followed by the signals that the order's row
 * says it still needs: a pending cancellation and a completion hint. Rows that already wait in the
 * outbox are replaced. An order whose start is already queued is left unchanged.
 *
 * Call it in a transaction that holds the lock of the order's row.
 *
 * @returns whether a restart was queued.
 */
export async function queueRestart(sql: Sql, orderId: string): Promise<boolean> {
  const starting = await sql`
    SELECT FROM outbox WHERE order_id = ${orderId} AND kind IN ('start', 'restart')`;
  if (starting.length > 0) return false;
  await sql`DELETE FROM outbox WHERE order_id = ${orderId}`;
  await sql`
    INSERT INTO outbox (order_id, kind)
    SELECT orders.id, kind FROM orders CROSS JOIN LATERAL (VALUES
      (1, 'restart', true),
      (2, 'cancel', cancel_requested_at IS NOT NULL),
      (3, 'completion', completion_hints <> '{}' OR status = 'FETCHING_DOCUMENTS')
    ) AS row (position, kind, wanted)
    WHERE orders.id = ${orderId} AND wanted
    ORDER BY position
    RETURNING ${notifyAtCommit(sql)}`;
  return true;
}
