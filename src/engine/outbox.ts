import type { OrderStatus } from '../contract/order.ts';
import type { Sql } from '../storage/database.ts';

/** One thing to tell Temporal, with what that takes. */
export interface OutboxRow {
  readonly id: string;
  readonly kind: 'start' | 'restart' | 'completion' | 'cancel';
  /** Failed attempts so far. */
  readonly attempts: number;
  readonly orderId: string;
  readonly organizationId: string;
  readonly caseId: string;
  readonly pharmacyId: string;
  /** Where the order was when the row was leased. */
  readonly status: OrderStatus;
  readonly reasonCode: string | null;
  /** Whether the pharmacy is known to have it. */
  readonly placed: boolean;
}

/** Rows looked at for each one wanted, so that processes that look at the same time all find some. */
const SPARE = 4;

/**
 * Leases the rows that are due for `leaseMs`, fairly: the next row goes to the organization of which
 * the fewest are in hand, so that one's burst does not hold up another's single order. Within an
 * organization the oldest come first. Of one order only the oldest row is ever leased, so that an
 * order's rows go in their order; rows that others hold are passed over.
 *
 * The cost grows with the number of organizations that have rows, not with the number of rows: the
 * index is skipped through from organization to organization (docs/adr/0008).
 *
 * @param which starts of orders, or what follows them.
 * @param most how many rows at most.
 * @param inHand rows that this process works on, by organization.
 * @param mostOfOne rows of one organization that this process may work on, those in hand included.
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

/** Removes a row that Temporal has taken. */
export async function completeRow(sql: Sql, id: string): Promise<void> {
  await sql`DELETE FROM outbox WHERE id = ${id}`;
}

/** Gives a row back after a failed attempt, to be tried again after `delayMs`. */
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
