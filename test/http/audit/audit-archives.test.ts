import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Archive, archiveAuditLog } from '../../../src/audit/archive-audit-log.ts';
import { verifyArchive } from '../../../src/audit/archive-file.ts';
import { verifyAuditLog } from '../../../src/audit/verify-audit-log.ts';
import { type Database, openDatabase } from '../../../src/storage/database.ts';
import { pruneAudit } from '../../../src/upkeep/prune-audit.ts';
import { OLDER_TRANSACTIONS_MS, sealPairs, tamperWith } from '../../support/audit.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

vi.setConfig({ testTimeout: 2 * OLDER_TRANSACTIONS_MS });

const REFUSED = { code: '42501' };
const DAY_MS = 86_400_000;

let test: TestDatabase;
let operator: Database;
let folder: string;
beforeEach(async () => {
  test = await createTestDatabase();
  operator = openDatabase(test.operatorUrl, 2);
  folder = await mkdtemp(path.join(os.tmpdir(), 'rx-archives-'));
});
afterEach(async () => {
  await operator.end();
  await test.drop();
  await rm(folder, { recursive: true, force: true });
});

/** Makes seals of two rows each. */
const seal = (...pairs: readonly string[]) => sealPairs(test.database, ...pairs);

async function archive(): Promise<Archive> {
  const made = await archiveAuditLog(operator, folder);
  if (made === undefined) throw new Error('there was nothing to archive');
  return made;
}

const tamper = (...statements: readonly string[]) => tamperWith(test.asSuperuser, ...statements);

const age = (days: number) =>
  tamper(`UPDATE audit_archives SET sealed_at = sealed_at - interval '${days} days'`);
/** Prunes with the worker's role what was sealed more than 30 days ago. */
const prune = () =>
  pruneAudit(test.asWorker, {
    after: null,
    before: new Date(Date.now() - 30 * DAY_MS),
    most: 100,
  });

async function actors(): Promise<string> {
  const rows = await test.database<{ actor: string }[]>`
    SELECT actor FROM audit_log WHERE actor_kind = 'operator' ORDER BY id`;
  return rows.map(({ actor }) => actor).join('');
}

describe('an archive', () => {
  it('has the sealed rows that no other has, and verifies without the database', async () => {
    await seal('ab', 'cd');
    const first = await archive();
    expect(first).toMatchObject({ firstNumber: '1', number: '2', seals: 2, rows: 4 });
    expect(path.basename(first.file)).toBe('audit-1-2.ndjson.gz');
    await seal('ef');
    const second = await archive();
    expect(second).toMatchObject({ firstNumber: '3', number: '3', rows: 2 });
    expect(second.previous).toEqual(first.hash);
    expect(await archiveAuditLog(operator, folder)).toBeUndefined();

    const head = first.hash.toString('hex');
    const { file, ...content } = first;
    expect(await verifyArchive(file, head)).toEqual({ ...content, hasHead: true });
    const lines = gunzipSync(await readFile(file))
      .toString()
      .trim()
      .split('\n');
    expect(lines).toHaveLength(1 + 2 + 4);
  });
});

describe('pruning', () => {
  it('removes archived rows after their time, and the log stays verifiable', async () => {
    await seal('ab', 'cd');
    const { hash } = await archive();
    await prune();
    expect(await actors()).toBe('abcd');
    await age(31);
    await seal('ef');
    expect((await prune()).deleted).toEqual({ audit_log: 4, audit_seals: 2 });
    expect(await actors()).toBe('ef');
    const head = hash.toString('hex');
    const verified = await verifyAuditLog(test.database, head);
    expect(verified).toMatchObject({ seals: 1, rows: 2, prunedTo: '2', problem: null });
    await seal('gh');
    const next = await archive();
    expect([next.firstNumber, next.previous]).toEqual(['3', hash]);
    await age(31);
    await prune();
    expect(await verifyAuditLog(test.database)).toMatchObject({ seals: 0, problem: null });
    await seal('ij');
    expect(await verifyAuditLog(test.database)).toMatchObject({ seals: 1, problem: null });
  });

  it('hides nothing that was removed beside it', async () => {
    await seal('ab', 'cd', 'ef');
    await archive();
    await age(31);
    await seal('gh', 'ij');
    await prune();
    await tamper(`DELETE FROM audit_log WHERE actor = 'g'`);
    expect((await verifyAuditLog(test.database)).problems).toEqual([
      'seal 4 does not match: rows are missing',
    ]);
    await tamper(`DELETE FROM audit_log WHERE actor = 'h'`);
    await tamper('DELETE FROM audit_seals WHERE number = 4');
    expect((await verifyAuditLog(test.database)).problems[0]).toBe('seal 4 is missing');
    await tamper(`UPDATE audit_archives SET hash = sha256('x')`);
    await tamper('DELETE FROM audit_seals WHERE number = 5');
    expect((await verifyAuditLog(test.database)).problem).toBe('seals 4 to 5 are missing');
  });

  it('is refused by Postgres for anything else, to every role and the owner', async () => {
    await seal('ab', 'cd');
    const delete_ = (table: string) => `DELETE FROM ${table}`;
    for (const pool of [test.asWorker, test.database]) {
      for (const table of ['audit_log', 'audit_seals']) {
        await expect(pool.unsafe(delete_(table))).rejects.toMatchObject(REFUSED);
      }
    }
    await archive();
    const begin = 'UPDATE audit_archives SET pruned_at = now()';
    // Younger than 30 days.
    await expect(test.asWorker.unsafe(begin)).rejects.toMatchObject(REFUSED);
    await expect(test.database.unsafe(begin)).rejects.toMatchObject(REFUSED);
    await seal('ef');
    await age(31);
    await prune();
    for (const table of ['audit_log', 'audit_seals', 'audit_archives']) {
      for (const pool of [test.database, test.asWorker]) {
        await expect(pool.unsafe(delete_(table)), table).rejects.toMatchObject(REFUSED);
      }
    }
    expect(await actors()).toBe('ef');
    await expect(test.database`UPDATE audit_archives SET hash = sha256('x')`).rejects.toMatchObject(
      REFUSED,
    );
    await expect(operator`UPDATE audit_archives SET pruned_at = now()`).rejects.toMatchObject(
      REFUSED,
    );
    const forge = (number: number, first: number, rows: number) => operator`
      INSERT INTO audit_archives (number, first_number, rows, sha256, file)
      VALUES (${number}, ${first}, ${rows}, sha256(''), 'none')`;
    for (const [number, first, rows] of [
      [4, 3, 2],
      [3, 3, 9],
    ] as const) {
      await expect(forge(number, first, rows)).rejects.toMatchObject(REFUSED);
    }
    await expect(forge(3, 2, 2)).rejects.toMatchObject({ code: '23505' });
    await forge(3, 3, 2);
  });
});
