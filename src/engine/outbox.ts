import type { OrderStatus } from '../contract/order.ts';
import type { Sql } from '../storage/database.ts';

/** A row of the outbox: one message to Temporal, with the order's data that it needs. */
export interface OutboxRow {
  readonly id: string;
  readonly kind: 'start' | 'restart' | 'completion' | 'cancel' | 'news';
  /** Failed attempts so far. */
  readonly attempts: number;
  readonly orderId: string;
  readonly organizationId: string;
  readonly caseId: string;
  readonly pharmacyId: string;
  /** The order's status when the row was leased. */
  readonly status: OrderStatus;
  readonly reasonCode: string | null;
  /** Whether the pharmacy is known to have it. */
  readonly placed: boolean;
  /** The trace of what queued the row, or else of its order; null while tracing is off. */
  readonly traceparent: string | null;
}

/** The result of {@link leaseRows}. */
export interface LeasedRows {
  readonly rows: readonly OutboxRow[];
  /** Whether further rows may be due, e.g. those above `mostOfOne`. */
  readonly more: boolean;
  /** The organization to pass as `after` to the next lease. */
  readonly last: string;
}

/** Candidate rows for each row requested, so that processes that query at the same time all get some. */
const SPARE = 4;
/** One lease considers so many organizations at most; the next lease goes on after them. */
const MOST_ORGANIZATIONS = 32;
/** The id before all others. */
export const FIRST_ID = '00000000-0000-0000-0000-000000000000';

/**
 * Leases due rows for `leaseMs` milliseconds, fairly: the next row goes to the organization with the
 * fewest rows in progress, so that a burst of one organization does not delay another's single order.
 * Within an organization the oldest rows come first. Only the oldest row of an order is ever leased, so
 * that its rows are delivered in sequence. Rows that other processes hold are skipped.
 *
 * The cost grows neither with the number of rows nor with that of organizations: the query skips through an
 * index to the next organizations that have due rows. Each step is an index lookup, which subqueries enforce
 * where a join could become a scan (docs/adr/0008).
 *
 * @param which starts of orders, or all other rows.
 * @param most how many rows at most.
 * @param options.inHand how many rows of each organization this process has in progress.
 * @param options.mostOfOne how many rows of one organization this process may have in progress.
 * @param options.after the organization after which the turn begins: `last` of the previous lease.
 */
export async function leaseRows(
  sql: Sql,
  which: 'starts' | 'others',
  most: number,
  leaseMs: number,
  {
    inHand = new Map(),
    mostOfOne = most,
    after = FIRST_ID,
  }: {
    readonly inHand?: ReadonlyMap<string, number>;
    readonly mostOfOne?: number;
    readonly after?: string;
  } = {},
): Promise<LeasedRows> {
  // In the text of the statement, so that Postgres plans once for each lane.
  const lane = which === 'starts' ? sql`'starts'` : sql`'others'`;
  const due = sql`
    lane = ${lane} AND available_at <= now()
    AND (locked_until IS NULL OR locked_until < now())`;
  const next = (organizationId: unknown) => sql`
    coalesce(
      (SELECT organization_id FROM outbox WHERE ${due} AND organization_id > ${organizationId as string}
        ORDER BY organization_id LIMIT 1),
      (SELECT organization_id FROM outbox WHERE ${due} ORDER BY organization_id LIMIT 1))`;
  const [first, ...rest] = await sql<(OutboxRow & { more: boolean; last: string | null })[]>`
    WITH RECURSIVE queued (organization_id, first, place) AS (
      SELECT organization_id, organization_id, 1
      FROM (SELECT ${next(after)} AS organization_id OFFSET 0) AS found WHERE organization_id IS NOT NULL
      UNION ALL
      SELECT found.organization_id, first, place + 1
      FROM queued CROSS JOIN LATERAL (
        SELECT ${next(sql`queued.organization_id`)} AS organization_id OFFSET 0) AS found
      WHERE found.organization_id <> first AND place < ${MOST_ORGANIZATIONS}
    ), in_hand AS (
      SELECT * FROM unnest(${[...inHand.keys()]}::uuid[], ${[...inHand.values()]}::int[])
        AS held (organization_id, rows)
    ), due AS (
      SELECT next.id, available_at, place, coalesce(in_hand.rows, 0)
        + row_number() OVER (PARTITION BY queued.organization_id ORDER BY available_at, id) AS turn
      FROM queued
      LEFT JOIN in_hand ON in_hand.organization_id = queued.organization_id
      CROSS JOIN LATERAL (
        SELECT id, available_at FROM outbox
        WHERE organization_id = queued.organization_id AND ${due} AND id = (
          SELECT min(earlier.id) FROM outbox AS earlier WHERE earlier.order_id = outbox.order_id)
        ORDER BY available_at, id
        LIMIT ${most * SPARE}
      ) AS next
    ), taken AS (
      SELECT free.id, place
      FROM (SELECT * FROM due WHERE turn <= ${mostOfOne} ORDER BY turn, place) AS candidate
      CROSS JOIN LATERAL (
        SELECT id FROM outbox WHERE id = candidate.id AND (locked_until IS NULL OR locked_until < now())
        FOR UPDATE SKIP LOCKED
      ) AS free
      LIMIT ${most}
    ), leased AS (
      UPDATE outbox SET locked_until = now() + ${leaseMs} * interval '1 millisecond'
      WHERE id = ANY (ARRAY(SELECT id FROM taken))
      RETURNING id, kind, attempts, order_id, organization_id, traceparent AS of_row
    )
    SELECT leased.id, leased.kind, leased.attempts, leased.order_id, leased.organization_id,
      case_id, pharmacy_id, status, reason_code, placed, coalesce(of_row, of_order) AS traceparent, rest.*
    FROM (SELECT
      (SELECT count(*) FROM due) > (SELECT count(*) FROM taken)
        OR (SELECT max(place) FROM queued) = ${MOST_ORGANIZATIONS} AS more,
      (SELECT organization_id FROM queued JOIN taken USING (place) ORDER BY place DESC LIMIT 1) AS last
    ) AS rest
    LEFT JOIN leased ON true
    LEFT JOIN LATERAL (
      SELECT case_id, pharmacy_id, status, reason_code, pharmacy_order_id IS NOT NULL AS placed,
        traceparent AS of_order
      FROM orders WHERE orders.id = leased.order_id OFFSET 0) AS placed_order ON true`;
  const rows = first === undefined || first.id === null ? [] : [first, ...rest];
  return { rows, more: first?.more ?? false, last: first?.last ?? after };
}

/**
 * Deletes rows that Temporal accepted.
 *
 * @returns whether any of their orders has a later row, which may go now.
 */
export async function completeRows(sql: Sql, ids: readonly string[]): Promise<boolean> {
  const rows = await sql<{ followed: boolean }[]>`
    DELETE FROM outbox WHERE id = ANY(${[...ids]}::text[]::bigint[])
    RETURNING EXISTS (
      SELECT FROM outbox AS later WHERE later.order_id = outbox.order_id AND later.id > outbox.id
    ) AS followed`;
  return rows.some(({ followed }) => followed);
}

/** Whether the outbox has any row, due or not. */
export async function hasRows(sql: Sql): Promise<boolean> {
  return (await sql`SELECT FROM outbox LIMIT 1`).length > 0;
}

/** Releases a row after a failed attempt, to be retried after `delayMs` milliseconds. */
export async function postponeRow(
  sql: Sql,
  id: string,
  delayMs: number,
  errorCode: string,
): Promise<void> {
  await sql`
    UPDATE outbox SET attempts = attempts + 1, last_error = ${errorCode}, locked_until = NULL,
      available_at = now() + ${delayMs} * interval '1 millisecond'
    WHERE id = ${id}`;
}
