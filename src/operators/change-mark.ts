import type { Sql } from '../storage/database.ts';

/**
 * Returns a text that changes whenever the timeline of an order, the deliveries or the messages of pharmacies do. Reads the
 * end of three indexes.
 */
export async function readChangeMark(sql: Sql): Promise<string> {
  const [row] = await sql<{ mark: string }[]>`
    SELECT concat_ws('-', (SELECT max(id) FROM order_activity),
      (SELECT max(id) FROM webhook_attempts), (SELECT max(id) FROM inbox)) AS mark`;
  return row?.mark ?? '';
}
