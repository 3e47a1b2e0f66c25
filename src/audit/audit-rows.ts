import type { Sql } from '../storage/database.ts';

/** The position of a row in commit order: the id of its transaction, then the id of the row. */
export type AuditPosition = readonly [transactionId: string, id: string];

/** The position before every row. */
export const BEGINNING: AuditPosition = ['0', '0'];

/** A row of the audit log as text, in the form that is hashed and exported. */
export interface AuditRow {
  readonly transactionId: string;
  readonly id: string;
  /** RFC 3339 in UTC, to the microsecond. */
  readonly at: string;
  readonly actorKind: string;
  readonly actor: string;
  readonly action: string;
  readonly organizationId: string | null;
  readonly caseId: string | null;
  readonly orderId: string | null;
  readonly source: string | null;
  readonly requestId: string | null;
  readonly result: string;
}

/** Conditions of rows of the audit log; an undefined field does not restrict them. */
export interface AuditConditions {
  /** Rows that were written at this time or later. */
  readonly since?: Date | undefined;
  /** Rows that were written before this time. */
  readonly until?: Date | undefined;
  readonly orderId?: string | undefined;
  readonly caseId?: string | undefined;
  /** Rows of what this operator did. */
  readonly operator?: string | undefined;
}

/** Selects rows of the audit log. */
export interface AuditFilter extends AuditConditions {
  /** Rows after this position. */
  readonly after: AuditPosition;
  /** Rows up to and including this position; by default, up to the oldest open transaction. */
  readonly upTo?: AuditPosition;
  readonly limit: number;
}

/**
 * Reads rows in commit order. Without `upTo`, it returns a row only after every transaction that began
 * before the row's own has ended: from then on no row can appear before it (docs/adr/0013).
 */
export async function readAuditRows(sql: Sql, filter: AuditFilter): Promise<AuditRow[]> {
  const { after, upTo, limit } = filter;
  return await sql<AuditRow[]>`
    SELECT ${columns(sql)} FROM audit_log
    WHERE (transaction_id, audit_log.id) > (${after[0]}::text::xid8, ${after[1]}::text::bigint)
      AND ${
        upTo === undefined
          ? sql`transaction_id < commit_position(pg_snapshot_xmin(pg_current_snapshot()))`
          : sql`(transaction_id, audit_log.id) <= (${upTo[0]}::text::xid8, ${upTo[1]}::text::bigint)`
      }
      ${conditions(sql, filter)}
    ORDER BY audit_log.transaction_id, audit_log.id
    LIMIT ${limit}`;
}

/**
 * Reads the newest rows, the newest first. Rows of transactions that are still open can appear later before the first.
 *
 * @param before rows before this position: the last row of the previous page.
 */
export async function readNewestAuditRows(
  sql: Sql,
  filter: AuditConditions & { readonly limit: number },
  before?: AuditPosition,
): Promise<AuditRow[]> {
  const { since, until, limit } = filter;
  // Bounds in the order of the index, so that a period long ago is not searched row by row.
  const first = since === undefined ? BEGINNING : await positionBefore(sql, since);
  const last = until === undefined ? undefined : await positionAfter(sql, until);
  return await sql<AuditRow[]>`
    SELECT ${columns(sql)} FROM audit_log
    WHERE (transaction_id, audit_log.id) > (${first[0]}::text::xid8, ${first[1]}::text::bigint)
      ${last === undefined ? sql`` : sql`AND (transaction_id, audit_log.id) <= (${last[0]}::text::xid8, ${last[1]}::text::bigint)`}
      ${before === undefined ? sql`` : sql`AND (transaction_id, audit_log.id) < (${before[0]}::text::xid8, ${before[1]}::text::bigint)`}
      ${conditions(sql, filter)}
    ORDER BY audit_log.transaction_id DESC, audit_log.id DESC
    LIMIT ${limit}`;
}

function columns(sql: Sql) {
  return sql`transaction_id::text AS transaction_id, id::text AS id,
    to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at,
    actor_kind, actor, action, organization_id::text AS organization_id, case_id,
    order_id::text AS order_id, source, request_id, result`;
}

function conditions(sql: Sql, { since, until, orderId, caseId, operator }: AuditConditions) {
  return sql`
    ${since === undefined ? sql`` : sql`AND audit_log.at >= ${since}`}
    ${until === undefined ? sql`` : sql`AND audit_log.at < ${until}`}
    ${orderId === undefined ? sql`` : sql`AND order_id = ${orderId}`}
    ${caseId === undefined ? sql`` : sql`AND case_id = ${caseId}`}
    ${operator === undefined ? sql`` : sql`AND actor_kind = 'operator' AND actor = ${operator}`}`;
}

const PAGE = 1_000;

/** Reads all rows that match a filter, one page at a time. */
export async function* allAuditRows(sql: Sql, filter: AuditConditions): AsyncGenerator<AuditRow> {
  const { since, until } = filter;
  const upTo = until === undefined ? undefined : await positionAfter(sql, until);
  for (let after = since === undefined ? BEGINNING : await positionBefore(sql, since); ; ) {
    const rows = await readAuditRows(sql, { ...filter, after, ...(upTo && { upTo }), limit: PAGE });
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE) return;
    after = [last.transactionId, last.id];
  }
}

/**
 * Finds a position before all rows of a time, without reading the rows: a seal is newer than its rows. An hour is for
 * clocks that were set.
 */
async function positionBefore(sql: Sql, time: Date): Promise<AuditPosition> {
  const [seal] = await sql<{ transactionId: string; id: string }[]>`
    SELECT last_transaction_id::text AS transaction_id, last_id::text AS id FROM audit_seals
    WHERE at < ${time}::timestamptz - interval '1 hour' ORDER BY at DESC, number DESC LIMIT 1`;
  return seal === undefined ? BEGINNING : [seal.transactionId, seal.id];
}

/** Finds a position after all rows of a time, as {@link positionBefore} does; undefined if no seal is that new. */
async function positionAfter(sql: Sql, time: Date): Promise<AuditPosition | undefined> {
  const [seal] = await sql<{ transactionId: string; id: string }[]>`
    SELECT last_transaction_id::text AS transaction_id, last_id::text AS id FROM audit_seals
    WHERE at > ${time}::timestamptz + interval '1 hour' ORDER BY at, number LIMIT 1`;
  return seal && [seal.transactionId, seal.id];
}
