import type { Sql } from '../storage/database.ts';
import { BEGINNING, readAuditRows } from './audit-rows.ts';
import { NO_SEAL, readSeals, type Seal, sealHash } from './seal.ts';

/** What the audit log was found to be. */
export interface AuditVerification {
  /** Seals that fit. */
  readonly seals: number;
  /** Rows under them. */
  readonly rows: number;
  /** The last seal that fits: to be kept elsewhere, and given again. */
  readonly head: { readonly number: string; readonly hash: string } | null;
  /** What does not fit first; null when all does. */
  readonly problem: string | null;
}

const PAGE = 100;

/**
 * Computes every seal again from the rows that stand in the table.
 *
 * @param head the hash of a head that was kept elsewhere, in hex: it must be among the seals.
 */
export async function verifyAuditLog(sql: Sql, head?: string): Promise<AuditVerification> {
  let before: Seal | undefined;
  let [seals, rows, knowsHead] = [0, 0, head === undefined];
  const found = (problem: string | null): AuditVerification => ({
    seals,
    rows,
    head:
      before === undefined ? null : { number: before.number, hash: before.hash.toString('hex') },
    problem,
  });
  for (;;) {
    const page = await readSeals(sql, { after: before?.number ?? '0', limit: PAGE });
    for (const seal of page) {
      const problem = await problemOf(sql, seal, before);
      if (problem !== null) return found(problem);
      if (seal.hash.toString('hex') === head) knowsHead = true;
      [seals, rows, before] = [seals + 1, rows + seal.count, seal];
    }
    if (page.length < PAGE) break;
  }
  return found(knowsHead ? null : 'the head that was kept is none of the seals');
}

async function problemOf(sql: Sql, seal: Seal, before: Seal | undefined): Promise<string | null> {
  const number = String(BigInt(before?.number ?? 0) + 1n);
  if (seal.number !== number) return `seal ${number} is missing`;
  if (!seal.previous.equals(before?.hash ?? NO_SEAL)) {
    return `seal ${number} does not go on from the one before it`;
  }
  // From the seal before, not from its own first row: a row between the two is one too many.
  const rows = await readAuditRows(sql, {
    after: before?.last ?? BEGINNING,
    upTo: seal.last,
    limit: seal.count + 1,
  });
  if (rows.length < seal.count) return `seal ${number} does not fit: rows are missing`;
  if (rows.length > seal.count) return `seal ${number} does not fit: there are rows too many`;
  if (!seal.hash.equals(sealHash(seal, rows))) {
    return `seal ${number} does not fit: it or its rows were changed`;
  }
  return null;
}
