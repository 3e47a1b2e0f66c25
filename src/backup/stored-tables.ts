import type { Sql } from '../storage/database.ts';

/** A table whose rows a backup contains. */
export interface StoredTable {
  readonly table: string;
  /** Without generated columns, which Postgres computes. */
  readonly columns: readonly string[];
}

/** The migrations write this table: a backup names them in its manifest. */
const NOT_STORED = ['schema_migrations'];

/**
 * Returns the tables in an order in which rows come after those that they refer to. Unlogged tables are left out: they
 * hold nothing that has to survive a crash.
 */
export async function storedTables(sql: Sql): Promise<StoredTable[]> {
  const tables = await sql<{ table: string; columns: string[]; refersTo: string[] }[]>`
    SELECT relname AS table,
      (SELECT json_agg(attname ORDER BY attnum) FROM pg_attribute
        WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = '') AS columns,
      (SELECT coalesce(json_agg(DISTINCT confrelid::regclass::text), '[]') FROM pg_constraint
        WHERE conrelid = c.oid AND contype = 'f' AND confrelid <> c.oid) AS refers_to
    FROM pg_class AS c
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relpersistence = 'p'
      AND NOT relname = ANY(${NOT_STORED}::text[])
    ORDER BY relname`;
  const sorted: StoredTable[] = [];
  const names = new Set<string>();
  while (sorted.length < tables.length) {
    const ready = tables.filter(
      ({ table, refersTo }) => !names.has(table) && refersTo.every((name) => names.has(name)),
    );
    if (ready.length === 0) throw new Error('the tables refer to each other in a circle');
    for (const { table, columns } of ready) {
      names.add(table);
      sorted.push({ table, columns });
    }
  }
  return sorted;
}
