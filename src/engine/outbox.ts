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
}

/** Candidate rows for each row requested, so that processes that query at the same time all get some. */
const SPARE = 4;

/**
 * Leases due rows for `leaseMs` milliseconds, fairly: the next row goes to the organization with the
 * fewest rows in progress, so that a burst of one organization does not delay another's single order.
 * Within an organization the oldest rows come first. Only the oldest row of an order is ever leased, so
 * that its rows are delivered in sequence. Rows that other processes hold are skipped.
 *
 * The cost grows with the number of organizations that have rows, not with the number of rows, because
 * the query skips through the index from organization to organization (docs/adr/0008).
 *
 * @param which starts of orders, or all other rows.
 * @param most how many rows at most.
 * @param inHand how many rows of each organization this process has in progress.
 * @param mostOfOne how many rows of one organization this process may have in progress.
 */
export async function leaseRows(
  sql: Sql,
  which: 'starts' | 'others',
  most: number,
  leaseMs: number,
  inHand: ReadonlyMap<string, number> = new Map(),
  mostOfOne = most,
): Promise<OutboxRow[]> {
  return await sql<OutboxRow[]>`
    WITH RECURSIVE queued AS (
      (SELECT organization_id FROM outbox ORDER BY organization_id LIMIT 1)
      UNION ALL
      SELECT (
        SELECT outbox.organization_id FROM outbox
        WHERE outbox.organization_id > queued.organization_id ORDER BY organization_id LIMIT 1)
      FROM queued WHERE queued.organization_id IS NOT NULL
    ), in_hand AS (
      SELECT * FROM unnest(${[...inHand.keys()]}::uuid[], ${[...inHand.values()]}::int[])
        AS held (organization_id, rows)
    ), due AS (
      SELECT next.id, coalesce(in_hand.rows, 0)
        + row_number() OVER (PARTITION BY queued.organization_id ORDER BY available_at, id) AS turn
      FROM queued
      LEFT JOIN in_hand ON in_hand.organization_id = queued.organization_id
      CROSS JOIN LATERAL (
        SELECT id, available_at FROM outbox
        WHERE organization_id = queued.organization_id AND available_at <= now()
          AND (locked_until IS NULL OR locked_until < now())
          AND (kind IN ('start', 'restart')) = ${which === 'starts'}
          AND NOT EXISTS (
            SELECT FROM outbox AS earlier
            WHERE earlier.order_id = outbox.order_id AND earlier.id < outbox.id)
        ORDER BY available_at, id
        LIMIT ${most * SPARE}
      ) AS next
    ), taken AS (
      SELECT outbox.id FROM outbox JOIN due ON due.id = outbox.id
      WHERE (locked_until IS NULL OR locked_until < now()) AND turn <= ${mostOfOne}
      ORDER BY turn, available_at, outbox.id
      LIMIT ${most}
      FOR UPDATE OF outbox SKIP LOCKED
    )
    UPDATE outbox SET locked_until = now() + ${leaseMs} * interval '1 millisecond'
    FROM taken, orders
    WHERE outbox.id = taken.id AND orders.id = outbox.order_id
    RETURNING outbox.id, kind, attempts, order_id, orders.organization_id, case_id, pharmacy_id,
      orders.status, reason_code, pharmacy_order_id IS NOT NULL AS placed`;
}

/** Deletes a row that Temporal accepted. */
export async function completeRow(sql: Sql, id: string): Promise<void> {
  await sql`DELETE FROM outbox WHERE id = ${id}`;
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
