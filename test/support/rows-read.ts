import type { Database } from '../../src/storage/database.ts';

/** How many rows a table has had read so far, by an index or sequentially, and how often it was read as a whole. */
export interface RowsRead {
  readonly rows: number;
  readonly scans: number;
}

/**
 * Reads the counters of a database by table.
 *
 * @param pools whose statements are counted; each has one session.
 * @param statistics reads the counters as the superuser.
 */
export async function readRowsRead(
  pools: readonly Database[],
  statistics: Database,
): Promise<ReadonlyMap<string, RowsRead>> {
  // A session would publish its counters only once a second.
  for (const pool of pools) await pool`SELECT pg_stat_force_next_flush()`;
  const rows = await statistics<(RowsRead & { name: string })[]>`
    SELECT relname AS name, seq_scan::float8 AS scans,
      (seq_tup_read + (SELECT coalesce(sum(idx_tup_read), 0) FROM pg_stat_user_indexes AS i WHERE i.relid = t.relid))::float8
        AS rows
    FROM pg_stat_user_tables AS t`;
  return new Map(rows.map(({ name, ...read }) => [name, read]));
}
