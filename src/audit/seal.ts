import { createHash } from 'node:crypto';
import type { Sql } from '../storage/database.ts';
import type { AuditPosition, AuditRow } from './audit-rows.ts';

/** The hash before the first seal. */
export const NO_SEAL = Buffer.alloc(32);

/** A seal without its hash: what the hash is over, beside the rows. */
export interface Sealing {
  readonly number: string;
  /** RFC 3339 in UTC, to the microsecond. */
  readonly at: string;
  readonly first: AuditPosition;
  readonly last: AuditPosition;
  readonly count: number;
  readonly previous: Buffer;
}

/** A stored seal. */
export interface Seal extends Sealing {
  readonly hash: Buffer;
}

/** SHA-256 over the seal before, the seal's own fields, and each of its rows on a line. */
export function sealHash(seal: Sealing, rows: readonly AuditRow[]): Buffer {
  const hash = createHash('sha256').update(seal.previous);
  const { number, at, first, last, count } = seal;
  hash.update(`${JSON.stringify([number, at, first, last, count])}\n`);
  for (const row of rows) hash.update(`${canonical(row)}\n`);
  return hash.digest();
}

/** The columns in an order that is part of the hash: it must never change. */
function canonical(row: AuditRow): string {
  return JSON.stringify([
    ...[row.transactionId, row.id, row.at, row.actorKind, row.actor, row.action],
    ...[row.organizationId, row.caseId, row.orderId, row.source, row.requestId, row.result],
  ]);
}

/** Reads the seals behind a number, in order; the last one with `newest`. */
export async function readSeals(
  sql: Sql,
  which: { readonly after: string; readonly limit: number } | 'newest',
): Promise<Seal[]> {
  const rows = await sql<(Omit<Seal, 'first' | 'last'> & Positions)[]>`
    SELECT number::text AS number, count, previous, hash,
      to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at,
      first_transaction_id::text AS first_transaction_id, first_id::text AS first_id,
      last_transaction_id::text AS last_transaction_id, last_id::text AS last_id
    FROM audit_seals
    ${
      which === 'newest'
        ? sql`ORDER BY audit_seals.number DESC LIMIT 1`
        : sql`WHERE audit_seals.number > ${which.after}::text::bigint
            ORDER BY audit_seals.number LIMIT ${which.limit}`
    }`;
  return rows.map(({ firstTransactionId, firstId, lastTransactionId, lastId, ...seal }) => ({
    ...seal,
    first: [firstTransactionId, firstId],
    last: [lastTransactionId, lastId],
  }));
}

interface Positions {
  readonly firstTransactionId: string;
  readonly firstId: string;
  readonly lastTransactionId: string;
  readonly lastId: string;
}
