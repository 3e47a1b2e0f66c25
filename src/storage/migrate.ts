import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { openDatabase, type Sql } from './database.ts';
import { inTransaction } from './transaction.ts';

const MIGRATIONS = new URL('./migrations/', import.meta.url);

/** An arbitrary number. Every process that migrates a database must use the same one. */
const MIGRATION_LOCK = 7_261_100;

/** The file of an applied migration was edited. Migrations never change after they were applied. */
class MigrationChangedError extends Error {
  override readonly name = 'MigrationChangedError';
}

/**
 * Brings a database to the current schema: applies the numbered files of `migrations/` that it lacks,
 * all in one transaction. Several processes may run it at once, and it may be repeated.
 *
 * @param databaseUrl `postgres://…` with a role that may create tables.
 * @throws {MigrationChangedError} a file was edited after it had been applied to this database.
 */
export async function migrate(databaseUrl: string): Promise<void> {
  const files = await migrationFiles();
  const sql = openDatabase(databaseUrl, 1);
  try {
    await inTransaction(sql, async (tx) => {
      // A migration may take long, and may wait long for another process that migrates.
      await tx`SET LOCAL statement_timeout = 0`;
      await tx`SET LOCAL lock_timeout = 0`;
      await tx`SELECT pg_advisory_xact_lock(${MIGRATION_LOCK})`;
      await tx`
        CREATE TABLE IF NOT EXISTS schema_migrations (
          name text PRIMARY KEY,
          sha256 text NOT NULL,
          applied_at timestamptz NOT NULL DEFAULT now()
        )`;
      const rows = await tx<{ name: string; sha256: string }[]>`
        SELECT name, sha256 FROM schema_migrations`;
      const applied = new Map(rows.map((row) => [row.name, row.sha256]));
      for (const name of files) {
        const text = await readFile(new URL(name, MIGRATIONS), 'utf8');
        const sha256 = createHash('sha256').update(text).digest('hex');
        const known = applied.get(name);
        if (known === undefined) {
          await tx.unsafe(text);
          await tx`INSERT INTO schema_migrations (name, sha256) VALUES (${name}, ${sha256})`;
        } else if (known !== sha256) {
          throw new MigrationChangedError(
            `migration ${name} was edited after it had been applied: restore the file, and put the change into a new migration`,
          );
        }
      }
    });
  } finally {
    await sql.end();
  }
}

/** Returns the names of the migrations that a database lacks. */
export async function missingMigrations(sql: Sql): Promise<string[]> {
  const [table] = await sql<{ there: boolean }[]>`
    SELECT to_regclass('schema_migrations') IS NOT NULL AS there`;
  const rows = table?.there
    ? await sql<{ name: string }[]>`SELECT name FROM schema_migrations`
    : [];
  const applied = new Set(rows.map(({ name }) => name));
  return (await migrationFiles()).filter((name) => !applied.has(name));
}

async function migrationFiles(): Promise<string[]> {
  return (await readdir(MIGRATIONS)).filter((name) => /^\d{4}-.+\.sql$/.test(name)).sort();
}
