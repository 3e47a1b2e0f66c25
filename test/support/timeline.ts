import type { Database } from '../../src/storage/database.ts';

/** An order's timeline as texts: who, what, and where the order came to or why. */
export async function timelineOf(database: Database, orderId: string): Promise<string[]> {
  const rows = await database<{ row: string }[]>`
    SELECT concat_ws(' ', actor, event, coalesce(to_status, reason_code)) AS row
    FROM order_activity WHERE order_id = ${orderId} ORDER BY id`;
  return rows.map(({ row }) => row);
}

/** The rows of it that tell of a cancellation. */
export async function cancelRowsOf(database: Database, orderId: string): Promise<string[]> {
  return (await timelineOf(database, orderId)).filter((row) => /CANCEL/.test(row));
}
