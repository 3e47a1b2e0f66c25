import { pipeline } from 'node:stream/promises';
import type { DocumentStore } from '../documents/document-store.ts';
import type { Database, Sql } from '../storage/database.ts';
import { inTransaction } from '../storage/transaction.ts';
import { checkBackupFile, readBackupFile } from './backup-files.ts';
import { checkOfHashSecret } from './hash-secret-check.ts';
import { BackupError, type Manifest, readManifest } from './manifest.ts';
import { storedTables } from './stored-tables.ts';

/** What {@link loadBackup} needs. */
export interface BackupTarget {
  /** Logs in as the owner of the tables. */
  readonly database: Database;
  readonly documents: DocumentStore;
  readonly hashSecret: string;
  /** The ids of the master keys that this deployment has. */
  readonly masterKeyIds: readonly string[];
}

/**
 * Compares each file of a backup with its checksum.
 *
 * @throws {BackupError} a file is missing or damaged.
 */
export async function verifyBackup(folder: string): Promise<Manifest> {
  const manifest = await readManifest(folder);
  for (const file of [...manifest.tables, ...manifest.documents])
    await checkBackupFile(folder, file);
  return manifest;
}

/**
 * Loads a backup into a database without orders, and its documents into the store. The database changes in one
 * transaction, in which a new epoch begins (docs/adr/0048). Repeat the call if it fails.
 *
 * @throws {BackupError} the backup is damaged, or does not fit this deployment; nothing was changed.
 */
export async function loadBackup(target: BackupTarget, folder: string): Promise<Manifest> {
  const manifest = await verifyBackup(folder);
  checkSecrets(target, manifest);
  await checkDatabase(target.database, manifest);
  // Documents first: Postgres must not name one that is not there.
  for (const { storageKey, ...file } of manifest.documents) {
    await target.documents.put(storageKey, readBackupFile(folder, file, { compressed: false }));
  }
  await inTransaction(target.database, async (sql) => {
    await sql`SET LOCAL statement_timeout = 0`;
    await sql`SET LOCAL idle_in_transaction_session_timeout = 0`;
    const present = (await storedTables(sql)).map(({ table }) => table);
    // Triggers refuse changes of the audit log, and would write the events a second time.
    for (const table of present) await sql`ALTER TABLE ${sql(table)} DISABLE TRIGGER USER`;
    await requireUnused(sql);
    for (const table of present.toReversed()) await sql`DELETE FROM ${sql(table)}`;
    for (const each of manifest.tables) await loadTable(sql, folder, each);
    for (const table of present) await sql`ALTER TABLE ${sql(table)} ENABLE TRIGGER USER`;
    await sql`SELECT begin_epoch('RESTORED')`;
  });
  return manifest;
}

function checkSecrets({ hashSecret, masterKeyIds }: BackupTarget, manifest: Manifest): void {
  if (checkOfHashSecret(hashSecret, manifest.createdAt) !== manifest.hashSecretCheck) {
    throw new BackupError('HASH_SECRET is not that of the backup: set the value of its deployment');
  }
  const missing = manifest.masterKeyIds.filter((id) => !masterKeyIds.includes(id));
  if (missing.length > 0) {
    throw new BackupError(`these master keys of the backup are missing: ${missing.join(', ')}`);
  }
}

async function checkDatabase(sql: Sql, manifest: Manifest): Promise<void> {
  const rows = await sql<{ name: string }[]>`SELECT name FROM schema_migrations ORDER BY name`;
  const present = rows.map(({ name }) => name);
  if (present.join() !== manifest.migrations.join()) {
    throw new BackupError(
      `the database has the migrations up to ${present.at(-1)}, the backup those up to ${manifest.migrations.at(-1)}: load it with the version that made it, and upgrade then`,
    );
  }
  const [owner] = await sql<{ owns: boolean }[]>`
    SELECT pg_has_role(tableowner, 'USAGE') AS owns FROM pg_tables WHERE tablename = 'orders'`;
  if (owner?.owns !== true) {
    throw new BackupError(
      'DATABASE_URL must log in as the owner of the tables, the role of the migrations',
    );
  }
  const programs = await sql<{ role: string }[]>`
    SELECT DISTINCT usename AS role FROM pg_stat_activity
    WHERE datname = current_database() AND usename IN ('rx_orders_server', 'rx_orders_worker')`;
  if (programs.length > 0) {
    throw new BackupError('a server or worker uses the database: stop all of them first');
  }
  await requireUnused(sql);
}

async function requireUnused(sql: Sql): Promise<void> {
  const [row] = await sql<{ used: boolean }[]>`
    SELECT EXISTS (SELECT FROM orders) OR EXISTS (SELECT FROM events) AS used`;
  if (row?.used) throw new BackupError('the database has orders: load a backup into an empty one');
}

async function loadTable(
  sql: Sql,
  folder: string,
  { table, columns, rows, ...file }: Manifest['tables'][number],
): Promise<void> {
  const into = await sql`COPY ${sql(table)} (${sql(columns)}) FROM STDIN`.writable();
  await pipeline(readBackupFile(folder, file, { compressed: true }), into);
  const [counted] = await sql<{ rows: number }[]>`SELECT count(*)::int AS rows FROM ${sql(table)}`;
  if (counted?.rows !== rows)
    throw new BackupError(`the table ${table} has ${counted?.rows} rows instead of ${rows}`);
  await continueSequences(sql, table);
}

/** Lets each sequence of a table continue after the rows that were loaded. */
async function continueSequences(sql: Sql, table: string): Promise<void> {
  const identities = await sql<{ column: string }[]>`
    SELECT attname AS column FROM pg_attribute WHERE attrelid = ${table}::regclass AND attidentity <> ''`;
  for (const { column } of identities) {
    await sql`
      SELECT setval(pg_get_serial_sequence(${table}, ${column}), max(${sql(column)})) FROM ${sql(table)}
      HAVING max(${sql(column)}) IS NOT NULL`;
  }
}
