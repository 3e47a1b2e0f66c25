import { expect } from 'vitest';
import { sealAuditLog } from '../../src/audit/seal-audit-log.ts';
import type { Database } from '../../src/storage/database.ts';

/**
 * The longest that the log's newest rows wait for older transactions of other tests on the shared server,
 * in milliseconds. Postgres ends a transaction whose client was cut off 15 s after its last statement, and
 * several such transactions can follow one another.
 */
export const OLDER_TRANSACTIONS_MS = 60_000;

/** Seals the audit log as soon as one seal covers exactly this number of rows. */
export async function sealRows(database: Database, rows: number): Promise<void> {
  const sealing = () => sealAuditLog(database);
  await expect.poll(sealing, { timeout: OLDER_TRANSACTIONS_MS }).toBe(rows);
}
