import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Database, openDatabase, type Sql } from './database.ts';
import { renewEpoch } from './epoch.ts';
import { requirePostgresVersion } from './postgres-version.ts';
import { hasCode, inTransaction } from './transaction.ts';

const MIGRATIONS = new URL('./migrations/', import.meta.url);

/** An arbitrary number. Every process that migrates a database must use the same one. */
const MIGRATION_LOCK = 7_261_100;
const POLL_MS = 100;

/**
 * A migration that waits for a lock keeps all writers of that table waiting behind it, and it holds those that it has. It
 * waits for less than Postgres' `deadlock_timeout` of a second, so that a deadlock ends no transaction of a program, and less
 * than the `lock_timeout` of our programs.
 */
const LOCK_LIMIT_MS = 500;
/** After that it lets the others go first for this long. */
const GIVE_WAY_MS = 500;

/** The file of an applied migration was edited. Migrations never change after they were applied. */
class MigrationChangedError extends Error {
  override readonly name = 'MigrationChangedError';
}

/** The database has a migration after which this program no longer works. A newer build is needed. */
class SchemaTooNewError extends Error {
  override readonly name = 'SchemaTooNewError';
  readonly code = 'SCHEMA_TOO_NEW';

  constructor(migration: string) {
    super(
      `the database has the migration ${migration}, which this build is too old for: start a newer one`,
    );
  }
}

/**
 * Brings a database to the current schema: applies the numbered files of `migrations/` that it lacks. Each file is a
 * transaction, which is repeated after it has waited too long for a lock, so that programs of the build before write meanwhile.
 * The statements of a file `….concurrently.sql` run one by one outside of any transaction, as `CREATE INDEX CONCURRENTLY`
 * must, which does not keep writers waiting. Several processes may run it at once, and it may be repeated.
 *
 * @param databaseUrl `postgres://…` with a role that may create tables.
 * @returns why an epoch began, see {@link renewEpoch}.
 * @throws {MigrationChangedError} a file was edited after it had been applied to this database.
 * @throws {PostgresTooOldError} the server is older than Postgres 15.
 * @throws {SchemaTooNewError} a newer build has migrated the database, and this one no longer works with it.
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
    await requireKnownSchema(sql);
    for (const name of await missingFiles(sql, files)) {
      if (isConcurrent(name)) await applyConcurrently(sql, name);
      else await applyWhenUnlocked(sql, name);
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

async function applyWhenUnlocked(sql: Database, name: string): Promise<void> {
  const { text, sha256 } = await readMigration(name);
  for (;;) {
    try {
      await inTransaction(sql, async (tx) => {
        await tx.unsafe(`SET LOCAL lock_timeout = ${LOCK_LIMIT_MS}`);
        await tx.unsafe(text);
        await recordMigration(tx, name, sha256);
      });
      return;
    } catch (error) {
      if (!hasCode(error, '55P03', '40P01')) throw error;
      await sleep(GIVE_WAY_MS);
    }
  }
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
  const applied = new Set(await appliedMigrations(sql));
  return (await migrationFiles()).filter((name) => !applied.has(name));
}

/**
 * Checks that a newer build has not migrated the database beyond this one. Programs work on a newer schema, except after a
 * migration such as `0040-name.needs-0035.sql`, which needs programs that know migration 0035 (docs/upgrading.md).
 *
 * @throws {SchemaTooNewError} waiting cannot help.
 */
export async function requireKnownSchema(sql: Sql): Promise<void> {
  const newest = (await migrationFiles()).at(-1) ?? '';
  for (const name of await appliedMigrations(sql)) {
    const [, needed = ''] = /\.needs-(\d{4})\./.exec(name) ?? [];
    if (newest < needed) throw new SchemaTooNewError(name);
  }
}

async function appliedMigrations(sql: Sql): Promise<string[]> {
  // Before migration 0030 only operators may read the table.
  const [table] = await sql<{ there: boolean | null }[]>`
    SELECT has_column_privilege(to_regclass('schema_migrations'), 'name', 'SELECT') AS there`;
  if (!table?.there) return [];
  const rows = await sql<{ name: string }[]>`SELECT name FROM schema_migrations ORDER BY name`;
  return rows.map(({ name }) => name);
}

async function migrationFiles(): Promise<string[]> {
  return (await readdir(MIGRATIONS)).filter((name) => /^\d{4}-.+\.sql$/.test(name)).sort();
}
