import { expect } from 'vitest';
import { recordAudit } from '../../src/audit/record-audit.ts';
import { sealAuditLog } from '../../src/audit/seal-audit-log.ts';
import type { Database } from '../../src/storage/database.ts';
import { inTransaction } from '../../src/storage/transaction.ts';

/**
 * The longest that the log's newest rows wait for older transactions of other tests on the shared server,
 * in milliseconds. Postgres ends a transaction whose client was cut off 15 s after its last statement, and
 * several such transactions can follow one another.
 */
export const OLDER_TRANSACTIONS_MS = 60_000;

/**
 * Records an entry for each actor, in one transaction: one seal then covers all of them. Between two
 * transactions another test could begin one, which splits the seal.
 */
export async function recordRows(database: Database, actors: Iterable<string>): Promise<void> {
  await inTransaction(database, async (sql) => {
    for (const actor of actors) {
      await recordAudit(sql, { actorKind: 'operator', actor, action: 'CASE_READ', result: 'OK' });
    }
  });
}

/** Records pairs of rows, of an actor for each letter, and makes a seal of each pair. */
export async function sealPairs(database: Database, ...pairs: readonly string[]): Promise<void> {
  for (const pair of pairs) {
    await recordRows(database, pair);
    await sealRows(database, 2);
  }
}

/**
 * Changes the tables as an attacker with all rights in the database, without their triggers. Each statement must change rows.
 *
 * @param asSuperuser a connection of the superuser.
 */
export async function tamperWith(
  asSuperuser: Database,
  ...statements: readonly string[]
): Promise<void> {
  await inTransaction(asSuperuser, async (sql) => {
    await sql`SET LOCAL session_replication_role = replica`;
    for (const statement of statements) {
      expect((await sql.unsafe(statement)).count).toBeGreaterThan(0);
    }
  });
}

/** Seals the audit log until this number of rows is sealed. */
export async function sealRows(database: Database, rows: number): Promise<void> {
  let sealed = 0;
  const sealing = async () => (sealed += await sealAuditLog(database));
  await expect.poll(sealing, { timeout: OLDER_TRANSACTIONS_MS }).toBe(rows);
}
