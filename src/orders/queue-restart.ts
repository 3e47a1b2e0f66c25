import type { Sql } from '../storage/database.ts';

/**
 * Queues the start of another workflow for an open order, and behind it what the one before was told
 * or was to be told, which the order's row knows too: rows of these kinds that wait are replaced. An
 * order that is about to be started anyhow is left as it is.
 *
 * Called in a transaction that holds the order's row.
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
    ORDER BY position`;
  return true;
}
