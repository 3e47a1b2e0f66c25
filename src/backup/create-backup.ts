import { mkdir, readdir } from 'node:fs/promises';
import { DocumentMissingError } from '../documents/document-errors.ts';
import type { DocumentStore } from '../documents/document-store.ts';
import { forEach } from '../lib/for-each.ts';
import type { Database, Sql } from '../storage/database.ts';
import { inTransaction } from '../storage/transaction.ts';
import { type BackupFile, writeBackupFile } from './backup-files.ts';
import { checkOfHashSecret } from './hash-secret-check.ts';
import { BackupError, type Manifest, writeManifest } from './manifest.ts';
import { storedTables } from './stored-tables.ts';

/** Documents copied at once. */
const MOST_COPIES = 4;

/** What {@link createBackup} needs. */
export interface BackupSource {
  readonly database: Database;
  readonly documents: DocumentStore;
  readonly hashSecret: string;
}

/**
 * Writes a backup of Postgres and of the documents into a new folder. Servers and workers may go on: all tables are read
 * in one snapshot, and the documents that the snapshot names are copied afterwards. Patient data stays encrypted, and the
 * backup contains no master key.
 *
 * @param folder is created; it must be empty if it exists.
 * @throws {BackupError} the folder is not empty, or the store lacks a document that Postgres names.
 */
export async function createBackup(
  { database, documents, hashSecret }: BackupSource,
  folder: string,
): Promise<Manifest> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if ((await readdir(folder)).length > 0) throw new BackupError(`${folder} is not empty`);
  const createdAt = new Date().toISOString();
  const snapshot = await inTransaction(database, async (sql) => {
    await sql`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY`;
    await sql`SET LOCAL statement_timeout = 0`;
    await sql`SET LOCAL idle_in_transaction_session_timeout = 0`;
    return { ...(await describe(sql)), tables: await copyTables(sql, folder) };
  });
  const { storageKeys, ...rest } = snapshot;
  const manifest: Manifest = {
    format: 1,
    createdAt,
    ...rest,
    documents: await copyDocuments(database, documents, folder, storageKeys),
    hashSecretCheck: checkOfHashSecret(hashSecret, createdAt),
  };
  await writeManifest(folder, manifest);
  return manifest;
}

async function describe(sql: Sql) {
  const [row] = await sql<
    {
      postgresVersion: string;
      migrations: string[];
      masterKeyIds: string[];
      storageKeys: string[];
    }[]
  >`
    SELECT current_setting('server_version') AS postgres_version,
      (SELECT json_agg(name ORDER BY name) FROM schema_migrations) AS migrations,
      (SELECT coalesce(json_agg(DISTINCT master_key_id), '[]') FROM data_keys) AS master_key_ids,
      (SELECT coalesce(json_agg(storage_key ORDER BY id), '[]') FROM documents) AS storage_keys`;
  if (row === undefined) throw new Error('the database does not describe itself');
  return row;
}

async function copyTables(sql: Sql, folder: string): Promise<Manifest['tables']> {
  const written: Manifest['tables'] = [];
  for (const { table, columns } of await storedTables(sql)) {
    const [counted] = await sql<
      { rows: number }[]
    >`SELECT count(*)::int AS rows FROM ${sql(table)}`;
    const bytes = await sql`COPY ${sql(table)} (${sql([...columns])}) TO STDOUT`.readable();
    const file = await writeBackupFile(folder, `tables/${table}.copy.gz`, bytes, {
      compress: true,
    });
    // The driver (postgres 3.4.9, `CopyData`) leaves its connection paused if the last row filled the buffer of the
    // stream, and the next statement would never be answered. Reading on resumes it.
    bytes._read(0);
    written.push({ table, columns: [...columns], rows: counted?.rows ?? 0, ...file });
  }
  return written;
}

async function copyDocuments(
  database: Database,
  documents: DocumentStore,
  folder: string,
  storageKeys: readonly string[],
): Promise<Manifest['documents']> {
  const written: (BackupFile & { storageKey: string })[] = [];
  await forEach(storageKeys.entries(), MOST_COPIES, async ([number, storageKey]) => {
    try {
      const bytes = await documents.open(storageKey);
      const file = await writeBackupFile(folder, `documents/${storageKey}`, bytes, {
        compress: false,
      });
      written[number] = { storageKey, ...file };
    } catch (error) {
      if (!(error instanceof DocumentMissingError)) throw error;
      // Erased since the snapshot.
      const rows = await database`SELECT FROM documents WHERE storage_key = ${storageKey}`;
      if (rows.length > 0) throw new BackupError(`the store lacks the document ${storageKey}`);
    }
  });
  return written.filter((each) => each !== undefined);
}
