import type { Sql } from '../storage/database.ts';

/** Returns a text that changes whenever the timeline of an order does. Reads the end of one index. */
export async function readChangeMark(sql: Sql): Promise<string> {
  const [row] = await sql<{ mark: string | null }[]>`
    SELECT max(id)::text AS mark FROM order_activity`;
  return row?.mark ?? '0';
}
