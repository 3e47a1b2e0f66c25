import type { Database } from '../../src/storage/database.ts';

/** Begins to count the statements of all databases; the stack counts them when it `countsStatements`. */
export async function resetStatements(database: Database): Promise<void> {
  await database`SELECT pg_stat_statements_reset() /* bench */`;
}

/**
 * How many statements came since the reset, of one database and one role or all of them.
 *
 * Postgres counts only the first `COMMIT` of each connection, so that a `BEGIN` counts as two here.
 */
export async function countStatements(
  database: Database,
  of: { readonly database: string; readonly role?: string },
): Promise<number> {
  const [row] = await database<{ calls: number }[]>`
    SELECT coalesce(sum(CASE trim(lower(query)) WHEN 'commit' THEN 0 WHEN 'begin' THEN 2 ELSE 1 END * calls), 0)::float8 AS calls
    FROM pg_stat_statements
    JOIN pg_database ON pg_database.oid = dbid
    JOIN pg_roles ON pg_roles.oid = userid
    WHERE datname = ${of.database} AND query NOT LIKE '%/* bench */%'
      AND rolname = coalesce(${of.role ?? null}::text, rolname) /* bench */`;
  return row?.calls ?? 0;
}

/** How many rows a database has, and how many bytes on disk. */
export async function sizeOf(database: Database): Promise<{ rows: number; bytes: number }> {
  const tables = await database<{ schema: string; name: string }[]>`
    SELECT schemaname AS schema, tablename AS name FROM pg_tables
    WHERE schemaname NOT IN ('pg_catalog', 'information_schema') /* bench */`;
  let rows = 0;
  for (const { schema, name } of tables) {
    const [row] = await database<{ count: number }[]>`
      SELECT count(*)::int AS count FROM ${database(schema)}.${database(name)} /* bench */`;
    rows += row?.count ?? 0;
  }
  const [row] = await database<{ bytes: number }[]>`
    SELECT pg_database_size(current_database())::float8 AS bytes /* bench */`;
  return { rows, bytes: row?.bytes ?? 0 };
}
