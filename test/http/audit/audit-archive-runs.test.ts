import { mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { archiveAuditLog } from '../../../src/audit/archive-audit-log.ts';
import { verifyArchive } from '../../../src/audit/archive-file.ts';
import { type Database, openDatabase } from '../../../src/storage/database.ts';
import { OLDER_TRANSACTIONS_MS, sealPairs, tamperWith } from '../../support/audit.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

vi.setConfig({ testTimeout: 3 * OLDER_TRANSACTIONS_MS });

let test: TestDatabase;
let operator: Database;
let folder: string;
beforeEach(async () => {
  test = await createTestDatabase();
  operator = openDatabase(test.operatorUrl, 2, { statementLimitMs: 30_000 });
  folder = await mkdtemp(path.join(os.tmpdir(), 'rx-archives-'));
});
afterEach(async () => {
  await operator.end();
  await test.drop();
  await rm(folder, { recursive: true, force: true });
});

/** Makes seals of two rows each. */
const seal = (...pairs: readonly string[]) => sealPairs(test.database, ...pairs);

const tamper = (...statements: readonly string[]) => tamperWith(test.asSuperuser, ...statements);

const recorded = () => test.database<{ file: string; number: number }[]>`
  SELECT file, number::int FROM audit_archives ORDER BY audit_archives.number`;

/** Runs two archives, neither of which is recorded before both have written and verified their file. */
async function atOnce(...folders: readonly [string, string]) {
  await test.asSuperuser.unsafe(`
    CREATE SEQUENCE arrivals;
    GRANT USAGE, SELECT ON arrivals TO rx_orders_operator;
    CREATE FUNCTION wait_for_both() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM nextval('arrivals');
      WHILE (SELECT last_value FROM arrivals) < 2 LOOP PERFORM pg_sleep(0.01); END LOOP;
      RETURN NEW;
    END $$;
    CREATE TRIGGER a_wait BEFORE INSERT ON audit_archives
      FOR EACH ROW EXECUTE FUNCTION wait_for_both()`);
  return await Promise.allSettled(folders.map((to) => archiveAuditLog(operator, to)));
}

it('records the file of a run that was interrupted before it could', async () => {
  await seal('ab', 'cd');
  await test.database`REVOKE INSERT ON audit_archives FROM rx_orders_operator`;
  await expect(archiveAuditLog(operator, folder)).rejects.toMatchObject({ code: '42501' });
  await test.database`
    GRANT INSERT (number, first_number, rows, sha256, file) ON audit_archives TO rx_orders_operator`;
  const left = await readdir(folder);
  expect(left).toEqual(['audit-1-2.ndjson.gz']);
  await seal('ef');
  const made = await archiveAuditLog(operator, folder);
  expect(made).toMatchObject({ firstNumber: '1', number: '2', rows: 4 });
  expect((await archiveAuditLog(operator, folder))?.firstNumber).toBe('3');
  expect(await readdir(folder)).toEqual([...left, 'audit-3-3.ndjson.gz']);
});

it('leaves what a run that was killed has half written, and never takes it for an archive', async () => {
  await seal('ab');
  const half = 'audit-1-1.ndjson.gz.0123456789ab.part';
  await writeFile(path.join(folder, half), 'half');
  await archiveAuditLog(operator, folder);
  expect((await readdir(folder)).sort()).toEqual(['audit-1-1.ndjson.gz', half]);
});

it('records one of two runs at once, and the other one says so and leaves no file', async () => {
  await seal('ab');
  const folders = [path.join(folder, '1'), path.join(folder, '2')] as const;
  const runs = await atOnce(...folders);
  const refused = runs.filter(({ status }) => status === 'rejected');
  expect(refused).toEqual([
    { status: 'rejected', reason: expect.objectContaining({ name: 'OperatorConflictError' }) },
  ]);
  const [archive, ...others] = await recorded();
  expect(others).toEqual([]);
  const files = (await Promise.all(folders.map((to) => readdir(to)))).flat();
  expect(files).toEqual(['audit-1-1.ndjson.gz']);
  await verifyArchive(archive?.file ?? '');
});

it('records one file when two runs write it at once', async () => {
  await seal('ab');
  const runs = await atOnce(folder, folder);
  expect(runs.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
  expect(await recorded()).toEqual([{ file: path.join(folder, 'audit-1-1.ndjson.gz'), number: 1 }]);
  expect(await readdir(folder)).toEqual(['audit-1-1.ndjson.gz']);
});

it('refuses a file in the folder that is of another log, and one that is damaged', async () => {
  await seal('ab');
  const other = await createTestDatabase();
  try {
    await sealPairs(other.database, 'xy');
    await archiveAuditLog(other.database, folder);
  } finally {
    await other.drop();
  }
  await expect(archiveAuditLog(operator, folder)).rejects.toThrow('not an archive of this log');
  await rename(path.join(folder, 'audit-1-1.ndjson.gz'), path.join(folder, 'elsewhere'));
  await writeFile(path.join(folder, 'audit-1-9.ndjson.gz'), 'x');
  await expect(archiveAuditLog(operator, folder)).rejects.toThrow('audit-1-9.ndjson.gz: the file');
  expect(await recorded()).toEqual([]);
});

it.each([
  [
    'a changed row',
    `UPDATE audit_log SET actor = 'x' WHERE actor = 'c'`,
    'seal 2 does not match: it',
  ],
  ['a missing row', `DELETE FROM audit_log WHERE actor = 'c'`, 'seal 2 does not match: rows are'],
  [
    'an added row',
    `INSERT INTO audit_log (transaction_id, actor_kind, actor, action, result)
      SELECT transaction_id, 'operator', 'z', 'CASE_READ', 'OK' FROM audit_log WHERE actor = 'c'`,
    'seal 3 does not match: there are extra rows',
  ],
  ['a missing seal', 'DELETE FROM audit_seals WHERE number = 2', 'seal 3 does not continue'],
  [
    'a seal that does not continue the archive before',
    `UPDATE audit_seals SET previous = sha256('x') WHERE number = 2`,
    'seal 2 does not continue the previous seal',
  ],
])('records nothing and leaves no file for a log with %s', async (_what, statement, message) => {
  await seal('ab');
  await archiveAuditLog(operator, folder);
  await seal('cd', 'ef');
  await tamper(statement);
  await expect(archiveAuditLog(operator, folder)).rejects.toThrow(message);
  expect(await recorded()).toHaveLength(1);
  expect(await readdir(folder)).toEqual(['audit-1-1.ndjson.gz']);
});
