import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { archiveAuditLog } from '../../../src/audit/archive-audit-log.ts';
import { verifyAuditLog } from '../../../src/audit/verify-audit-log.ts';
import { createBackup } from '../../../src/backup/create-backup.ts';
import { loadBackup, verifyBackup } from '../../../src/backup/load-backup.ts';
import { createFileStore } from '../../../src/documents/file-store.ts';
import { inTransaction } from '../../../src/storage/transaction.ts';
import { pruneAudit } from '../../../src/upkeep/prune-audit.ts';
import { OLDER_TRANSACTIONS_MS, recordRows, sealRows } from '../../support/audit.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { createOrganization, HASH_SECRET } from '../../support/organization.ts';

// test/chaos/restore-drill.test.ts restores a whole deployment. These are the backups that must be refused.

let db: TestDatabase;
let other: TestDatabase;
let folder: string;
beforeEach(async () => {
  [db, other] = [await createTestDatabase(), await createTestDatabase()];
  folder = await mkdtemp(path.join(os.tmpdir(), 'rx-backup-'));
  await createOrganization(db.database);
});
afterEach(async () => {
  await Promise.all([db.drop(), other.drop(), rm(folder, { recursive: true, force: true })]);
});

const backup = () => path.join(folder, 'backup');
const documents = () => createFileStore(path.join(folder, 'documents'));
const create = () =>
  createBackup(
    { database: db.database, documents: documents(), hashSecret: HASH_SECRET },
    backup(),
  );
const load = (changes: Partial<Parameters<typeof loadBackup>[0]> = {}) =>
  loadBackup(
    {
      ...{ database: other.database, documents: documents(), hashSecret: HASH_SECRET },
      masterKeyIds: ['k1', 'k2', 'test'],
      ...changes,
    },
    backup(),
  );

it('loads every row, and lets the sequences and the positions continue', async () => {
  const { masterKeyIds, tables } = await create();
  await load({ masterKeyIds });
  for (const { table, rows } of tables.filter(
    (each) => !['epochs', 'audit_log'].includes(each.table),
  )) {
    const [found] = await other.database<{ rows: number }[]>`
      SELECT count(*)::int AS rows FROM ${other.database(table)}`;
    expect({ table, rows: found?.rows }).toEqual({ table, rows });
  }
  const last = await other.database<{ action: string; id: string }[]>`
    SELECT action, id::text FROM audit_log ORDER BY transaction_id DESC, id DESC LIMIT 1`;
  expect(last).toMatchObject([{ action: 'EPOCH_BEGUN' }]);
  // The triggers are in force again.
  await expect(other.database`DELETE FROM audit_log`).rejects.toThrow();
});

it('loads a database whose old rows were archived and pruned', {
  timeout: 3 * OLDER_TRANSACTIONS_MS,
}, async () => {
  await recordRows(db.database, 'ab');
  await sealRows(db.database, 4); // two of them are of the organization's case
  const archive = await archiveAuditLog(db.database, path.join(folder, 'archives'));
  await inTransaction(db.asSuperuser, async (sql) => {
    await sql`SET LOCAL session_replication_role = replica`;
    await sql`UPDATE audit_archives SET sealed_at = sealed_at - interval '40 days'`;
  });
  await pruneAudit(db.asWorker, { after: null, before: new Date(), most: 100 });
  await recordRows(db.database, 'cd');
  await sealRows(db.database, 2);
  await db.database`
    INSERT INTO pruned_events (organization_id, event, transaction_id, position)
    SELECT id, 'ORDER_CREATED', '7', 7 FROM organizations`;
  const { masterKeyIds } = await create();
  await load({ masterKeyIds });
  const verified = await verifyAuditLog(other.database, archive?.hash.toString('hex'));
  expect(verified).toMatchObject({ seals: 1, prunedTo: archive?.number, problem: null });
  expect(await other.database`SELECT position::int FROM pruned_events`).toEqual([{ position: 7 }]);
});

it('refuses a folder that is not empty', async () => {
  await create();
  await expect(create()).rejects.toThrow('is not empty');
});

it('refuses a backup that did not finish, lacks a file or was changed', async () => {
  const { masterKeyIds, tables } = await create();
  const file = path.join(backup(), tables.find(({ table }) => table === 'cases')?.file ?? '');
  const whole = await readFile(file);
  await appendFile(file, 'x');
  await expect(load({ masterKeyIds })).rejects.toThrow('cases.copy.gz of the backup was changed');
  await rm(file);
  await expect(verifyBackup(backup())).rejects.toThrow('cases.copy.gz of the backup is missing');
  await writeFile(file, whole);
  const manifest = path.join(backup(), 'manifest.json');
  const text = await readFile(manifest, 'utf8');
  await writeFile(manifest, text.replace('tables/cases.copy.gz', '../../../etc/passwd'));
  await expect(verifyBackup(backup())).rejects.toThrow('outside of its folder');
  await rm(manifest);
  await expect(verifyBackup(backup())).rejects.toThrow('did not finish');
});

it('refuses a database or a deployment that the backup does not fit, and changes nothing', async () => {
  const { masterKeyIds } = await create();
  const asRole = load({ masterKeyIds, database: other.asWorker });
  await expect(asRole).rejects.toThrow('the owner of the tables');
  await other.asWorker.end();
  await expect(load({ masterKeyIds, hashSecret: 'another' })).rejects.toThrow('HASH_SECRET');
  await expect(load({ masterKeyIds: [] })).rejects.toThrow(masterKeyIds.join(', '));
  await other.database`INSERT INTO schema_migrations (name, sha256) VALUES ('9999-later.sql', '')`;
  await expect(load({ masterKeyIds })).rejects.toThrow('with the version that made it');
  expect(await other.database`SELECT FROM organizations`).toHaveLength(0);
});
