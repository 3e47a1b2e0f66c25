import type { Sql } from '../storage/database.ts';
import { BEGINNING, readAuditRows } from './audit-rows.ts';
import { NO_SEAL, readSeals, type Seal, sealHash } from './seal.ts';

/** The result of a verification of the audit log. */
export interface AuditVerification {
  /** The number of valid seals before the first problem. */
  readonly seals: number;
  /** The number of rows under them. */
  readonly rows: number;
  /** The last valid seal. Operators keep it in another place and pass it to the next verification. */
  readonly head: { readonly number: string; readonly hash: string } | null;
  /** The first problem; null if there is none. */
  readonly problem: string | null;
}

const PAGE = 100;

/**
 * Verifies the audit log: recomputes every seal from the rows in the table.
 *
 * @param head hash of a head from an earlier verification, in hex. One of the seals must have it: this
 *   reveals a log that was replaced as a whole.
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
  return found(
    knowsHead
      ? null
      : 'no seal has the hash of the given head: seals were removed from the end, or the log was replaced',
  );
}

async function problemOf(sql: Sql, seal: Seal, before: Seal | undefined): Promise<string | null> {
  const number = String(BigInt(before?.number ?? 0) + 1n);
  if (seal.number !== number) return `seal ${number} is missing`;
  if (!seal.previous.equals(before?.hash ?? NO_SEAL)) {
    return `seal ${number} does not continue the previous seal`;
  }
  // Reads from the end of the previous seal, not from this seal's first row, to find inserted rows too.
  const rows = await readAuditRows(sql, {
    after: before?.last ?? BEGINNING,
    upTo: seal.last,
    limit: seal.count + 1,
  });
  if (rows.length < seal.count) return `seal ${number} does not match: rows are missing`;
  if (rows.length > seal.count) return `seal ${number} does not match: there are extra rows`;
  if (!seal.hash.equals(sealHash(seal, rows))) {
    return `seal ${number} does not match: it or its rows were changed`;
  }
  return null;
}
