import { createHash } from 'node:crypto';
import type { Sql } from '../storage/database.ts';
import type { AuditPosition, AuditRow } from './audit-rows.ts';

/** The value of `previous` in the first seal. */
export const NO_SEAL = Buffer.alloc(32);

/** A seal without its hash: the fields that the hash covers in addition to the rows. */
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

/** The end of a chain of seals. */
export type SealEnd = Pick<Seal, 'number' | 'at' | 'last' | 'hash'>;

/** Computes SHA-256 over the previous seal's hash, the seal's own fields, and its rows, one per line. */
export function sealHash(seal: Sealing, rows: readonly AuditRow[]): Buffer {
  const hash = createHash('sha256').update(seal.previous);
  const { number, at, first, last, count } = seal;
  hash.update(`${JSON.stringify([number, at, first, last, count])}\n`);
  for (const row of rows) hash.update(`${canonical(row)}\n`);
  return hash.digest();
}

/** Writes a row as JSON. The order of the columns is part of the hash and must never change. */
function canonical(row: AuditRow): string {
  return JSON.stringify([
    ...[row.transactionId, row.id, row.at, row.actorKind, row.actor, row.action],
    ...[row.organizationId, row.caseId, row.orderId, row.source, row.requestId, row.result],
  ]);
}

/** The newest seal, as the database keeps it apart from the seals. */
export type SealHead = Pick<Seal, 'number' | 'hash' | 'last'>;

/** Reads the newest seal from `audit_head`; undefined before the first seal. */
export async function readHead(sql: Sql): Promise<SealHead | undefined> {
  const [row] = await sql<(Pick<Seal, 'number' | 'hash'> & Positions)[]>`
    SELECT number::text AS number, hash, last_transaction_id::text AS last_transaction_id,
      last_id::text AS last_id
    FROM audit_head`;
  return row && { number: row.number, hash: row.hash, last: [row.lastTransactionId, row.lastId] };
}

/** Reads the seals after a number, in ascending order. */
export async function readSeals(
  sql: Sql,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<Seal[]> {
  const rows = await sql<(Omit<Seal, 'first' | 'last'> & Positions)[]>`
    SELECT number::text AS number, count, previous, hash,
      to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at,
      first_transaction_id::text AS first_transaction_id, first_id::text AS first_id,
      last_transaction_id::text AS last_transaction_id, last_id::text AS last_id
    FROM audit_seals WHERE audit_seals.number > ${after}::text::bigint
    ORDER BY audit_seals.number LIMIT ${limit}`;
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
