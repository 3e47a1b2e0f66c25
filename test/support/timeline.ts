import type { Database } from '../../src/storage/database.ts';

/** Returns an order's timeline as texts: actor, event, and the new status or the reason. */
export async function timelineOf(database: Database, orderId: string): Promise<string[]> {
  const rows = await database<{ row: string }[]>`
    SELECT concat_ws(' ', actor, event, coalesce(to_status, reason_code)) AS row
    FROM order_activity WHERE order_id = ${orderId} ORDER BY id`;
  return rows.map(({ row }) => row);
}

/** Returns the rows of an order's timeline about a cancellation. */
export async function cancelRowsOf(database: Database, orderId: string): Promise<string[]> {
  return (await timelineOf(database, orderId)).filter((row) => /CANCEL/.test(row));
}
