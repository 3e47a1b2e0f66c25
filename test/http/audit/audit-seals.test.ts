import { EventEmitter, once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { recordAudit } from '../../../src/audit/record-audit.ts';
import { sealAuditLog } from '../../../src/audit/seal-audit-log.ts';
import { verifyAuditLog } from '../../../src/audit/verify-audit-log.ts';
import { inTransaction } from '../../../src/storage/transaction.ts';
import {
  OLDER_TRANSACTIONS_MS,
  recordRows,
  sealPairs,
  sealRows,
  tamperWith,
} from '../../support/audit.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

vi.setConfig({ testTimeout: 2 * OLDER_TRANSACTIONS_MS });

let test: TestDatabase;

beforeEach(async () => {
  test = await createTestDatabase();
});
afterEach(() => test.drop());

const record = (actors: Iterable<string>) => recordRows(test.database, actors);

/** Makes three seals of two rows each. */
const sealThree = () => sealPairs(test.database, 'ab', 'cd', 'ef');

const tamper = (...statements: readonly string[]) => tamperWith(test.asSuperuser, ...statements);

it.each(['audit_log', 'audit_seals'])('%s refuses updates and deletions', async (table) => {
  await sealThree();

  for (const statement of [
    `UPDATE ${table} SET at = now()`,
    `DELETE FROM ${table}`,
    `TRUNCATE ${table}`,
  ]) {
    await expect(test.database.unsafe(statement)).rejects.toThrow(`${table} is append-only`);
  }
});

it('verifies an unchanged log, and returns its head', async () => {
  await sealThree();

  const { head, ...rest } = await verifyAuditLog(test.database);
  expect(rest).toEqual({ seals: 3, rows: 6, problem: null, problems: [] });
  expect(head?.number).toBe('3');
  expect((await verifyAuditLog(test.database, head?.hash)).problem).toBeNull();
});

describe('the verification finds', () => {
  it.each([
    ['a changed row', `UPDATE audit_log SET actor = 'x' WHERE actor = 'c'`, /^seal 2 .* changed$/],
    ['a removed row', `DELETE FROM audit_log WHERE actor = 'd'`, /^seal 2 .* missing$/],
    [
      'an inserted row',
      `INSERT INTO audit_log (id, transaction_id, actor_kind, actor, action, result)
        OVERRIDING SYSTEM VALUE SELECT 99, (transaction_id::text::bigint - 1)::text::xid8, 'system', 'x', 'x', 'OK'
        FROM audit_log WHERE actor = 'c'`,
      /^seal 2 .* extra rows: 99$/,
    ],
    [
      'two swapped rows',
      `UPDATE audit_log SET actor = CASE actor WHEN 'c' THEN 'd' ELSE 'c' END
        WHERE actor IN ('c', 'd')`,
      /^seal 2 .* changed$/,
    ],
    ['a removed seal', 'DELETE FROM audit_seals WHERE number = 2', /^seal 2 is missing$/],
    [
      'a changed seal',
      'UPDATE audit_seals SET at = now() WHERE number = 2',
      /^seal 2 does not match: it or its rows were changed$/,
    ],
    [
      'a seal that does not continue the previous one',
      `UPDATE audit_seals SET previous = hash WHERE number = 2`,
      /^seal 2 does not continue/,
    ],
  ])('%s', async (_what, statement, problem) => {
    await sealThree();
    await tamper(statement);

    const found = await verifyAuditLog(test.database);
    expect(found.problem).toMatch(problem);
    expect(found.head?.number).toBe('1');
  });

  it('removed seals at the end, also after the next seal, and continues after them', async () => {
    await sealThree();
    await tamper('DELETE FROM audit_seals WHERE number = 3');
    await tamper(`DELETE FROM audit_log WHERE actor IN ('e', 'f')`);

    const missing = { problems: ['seal 3 is missing'], head: { number: '2' } };
    expect(await verifyAuditLog(test.database)).toMatchObject({ seals: 2, ...missing });
    await record('gh');
    await sealRows(test.database, 2);
    expect(await verifyAuditLog(test.database)).toMatchObject({ seals: 3, rows: 6, ...missing });
  });

  it('every problem, not only the first one', async () => {
    await sealThree();
    await tamper(`UPDATE audit_log SET actor = 'x' WHERE actor IN ('a', 'f')`);
    await tamper(`UPDATE audit_log SET at = '2001-01-01' WHERE actor = 'c'`);

    const { problems } = await verifyAuditLog(test.database);
    expect(problems.map((problem) => problem.slice(0, 25))).toEqual([
      'seal 1 does not match: it',
      'seal 2 does not match: it',
      'row 3 of seal 2 has the t',
      'seal 3 does not match: it',
    ]);
  });

  it('rows that no seal will ever cover, and rows that have waited too long for one', async () => {
    await sealThree();
    await record('gh');
    await tamper(`UPDATE audit_log SET at = now() - interval '1 hour' WHERE actor = 'g'`);
    await tamper(`UPDATE audit_log SET transaction_id = '9000000000000' WHERE actor = 'h'`);

    await expect
      .poll(async () => (await verifyAuditLog(test.database)).problems, {
        timeout: OLDER_TRANSACTIONS_MS,
      })
      .toEqual([
        '1 rows from row 7 on are older than 10 minutes and have no seal: check that a worker runs',
        'row 8 names a transaction of the future, so no seal can cover it',
      ]);
  });

  it('removed seals at the end by somebody with all rights, with the head of an earlier verification', async () => {
    await sealThree();
    const { head } = await verifyAuditLog(test.database);
    await tamper('DELETE FROM audit_seals WHERE number = 3');
    await tamper(`DELETE FROM audit_log WHERE actor IN ('e', 'f')`);
    await tamper(`
      UPDATE audit_head SET (number, hash, last_transaction_id, last_id) = (
        SELECT number, hash, last_transaction_id, last_id FROM audit_seals WHERE number = 2)`);

    expect((await verifyAuditLog(test.database)).problem).toBeNull();
    expect((await verifyAuditLog(test.database, head?.hash)).problem).toMatch(
      /^no seal has the hash/,
    );
  });
});

it('a transaction that commits late goes into a later seal, and no row of it is skipped', async () => {
  const gates = new EventEmitter();
  const [written, end] = [once(gates, 'written'), once(gates, 'end')];
  const late = inTransaction(test.database, async (sql) => {
    await recordAudit(sql, { actorKind: 'system', actor: 'late', action: 'X', result: 'OK' });
    gates.emit('written');
    await end;
  });
  await written;
  await record(['early']);

  expect(await sealAuditLog(test.database)).toBe(0);
  gates.emit('end');
  await late;
  await sealRows(test.database, 2);
  expect(await verifyAuditLog(test.database)).toMatchObject({ rows: 2, problem: null });
});

it('concurrent calls make one chain of seals', async () => {
  await record('abcdefgh');
  let rows = 0;
  await expect
    .poll(
      async () => {
        const sealed = await Promise.all([1, 2, 3, 4].map(() => sealAuditLog(test.database)));
        rows += sealed.reduce((sum, count) => sum + count, 0);
        return rows;
      },
      { timeout: OLDER_TRANSACTIONS_MS },
    )
    .toBe(8);
  expect(await verifyAuditLog(test.database)).toMatchObject({ rows: 8, problem: null });
});
