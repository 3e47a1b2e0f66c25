import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Database, openDatabase, type Sql } from './database.ts';
import { renewEpoch } from './epoch.ts';
import { requirePostgresVersion } from './postgres-version.ts';
import { inTransaction } from './transaction.ts';

const MIGRATIONS = new URL('./migrations/', import.meta.url);

/** An arbitrary number. Every process that migrates a database must use the same one. */
const MIGRATION_LOCK = 7_261_100;
const POLL_MS = 100;

/** The file of an applied migration was edited. Migrations never change after they were applied. */
class MigrationChangedError extends Error {
  override readonly name = 'MigrationChangedError';
}

/**
 * Brings a database to the current schema: applies the numbered files of `migrations/` that it lacks. Files that follow
 * each other are applied in one transaction. The statements of a file `….concurrently.sql` run one by one outside of any
 * transaction, as `CREATE INDEX CONCURRENTLY` must, which does not keep writers waiting. Several processes may run it at
 * once, and it may be repeated.
 *
 * @param databaseUrl `postgres://…` with a role that may create tables.
 * @returns why an epoch began, see {@link renewEpoch}.
 * @throws {MigrationChangedError} a file was edited after it had been applied to this database.
 * @throws {PostgresTooOldError} the server is older than Postgres 15.
 */
export async function migrate(databaseUrl: string): Promise<string | null> {
  const files = await migrationFiles();
  const sql = openDatabase(databaseUrl, 1);
  try {
    // A migration may take long, and may wait long for transactions that are open.
    await sql`SET statement_timeout = 0`;
    await sql`SET lock_timeout = 0`;
    await requirePostgresVersion(sql);
    await takeTurn(sql);
    for (let rest = await missingFiles(sql, files); rest.length > 0; ) {
      const next = rest.findIndex(isConcurrent);
      const together = rest.slice(0, next < 0 ? rest.length : next);
      if (together.length > 0) await applyTogether(sql, together);
      else await applyConcurrently(sql, rest[0] ?? '');
      rest = rest.slice(Math.max(together.length, 1));
    }
    return await renewEpoch(sql);
  } finally {
    await sql.end();
  }
}

/**
 * Waits until no other process migrates the database. The lock lasts as long as the only connection of the pool. It is
 * polled: an open statement that waits for it would be waited for by `CREATE INDEX CONCURRENTLY`.
 */
async function takeTurn(sql: Sql): Promise<void> {
  for (;;) {
    const [row] = await sql<{ taken: boolean }[]>`
      SELECT pg_try_advisory_lock(${MIGRATION_LOCK}) AS taken`;
    if (row?.taken) return;
    await sleep(POLL_MS);
  }
}

/** @throws {MigrationChangedError} */
async function missingFiles(sql: Sql, files: readonly string[]): Promise<string[]> {
  await sql`
    CREATE TABLE IF NOT EXISTS schema_migrations (
      name text PRIMARY KEY,
      sha256 text NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT now()
    )`;
  const rows = await sql<{ name: string; sha256: string }[]>`
    SELECT name, sha256 FROM schema_migrations`;
  const applied = new Map(rows.map((row) => [row.name, row.sha256]));
  const missing: string[] = [];
  for (const name of files) {
    const known = applied.get(name);
    if (known === undefined) missing.push(name);
    else if (known !== (await readMigration(name)).sha256) {
      throw new MigrationChangedError(
        `migration ${name} was edited after it had been applied: restore the file, and put the change into a new migration`,
      );
    }
  }
  return missing;
}

async function applyTogether(sql: Database, names: readonly string[]): Promise<void> {
  await inTransaction(sql, async (tx) => {
    for (const name of names) {
      const { text, sha256 } = await readMigration(name);
      await tx.unsafe(text);
      await recordMigration(tx, name, sha256);
    }
  });
}

async function applyConcurrently(sql: Database, name: string): Promise<void> {
  const { text, sha256 } = await readMigration(name);
  // Postgres runs a text of several statements in one transaction.
  for (const statement of text.split(/;$/m)) {
    if (statement.trim() !== '') await sql.unsafe(statement);
  }
  await recordMigration(sql, name, sha256);
}

async function recordMigration(sql: Sql, name: string, sha256: string): Promise<void> {
  await sql`INSERT INTO schema_migrations (name, sha256) VALUES (${name}, ${sha256})`;
}

async function readMigration(name: string): Promise<{ text: string; sha256: string }> {
  const text = await readFile(new URL(name, MIGRATIONS), 'utf8');
  return { text, sha256: createHash('sha256').update(text).digest('hex') };
}

function isConcurrent(name: string): boolean {
  return name.endsWith('.concurrently.sql');
}

/** Returns the names of the migrations that a database lacks. */
export async function missingMigrations(sql: Sql): Promise<string[]> {
  // Before migration 0030 only operators may read the table.
  const [table] = await sql<{ there: boolean | null }[]>`
    SELECT has_column_privilege(to_regclass('schema_migrations'), 'name', 'SELECT') AS there`;
  const rows = table?.there
    ? await sql<{ name: string }[]>`SELECT name FROM schema_migrations`
    : [];
  const applied = new Set(rows.map(({ name }) => name));
  return (await migrationFiles()).filter((name) => !applied.has(name));
}

async function migrationFiles(): Promise<string[]> {
  return (await readdir(MIGRATIONS)).filter((name) => /^\d{4}-.+\.sql$/.test(name)).sort();
}
