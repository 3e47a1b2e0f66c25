import type { OrderStatus } from '../contract/order.ts';
import type { Sql } from '../storage/database.ts';

/** One thing to tell Temporal, with what that takes. */
export interface OutboxRow {
  readonly id: string;
  readonly kind: 'start' | 'completion' | 'cancel';
  /** Failed attempts so far. */
  readonly attempts: number;
  readonly orderId: string;
  readonly organizationId: string;
  readonly caseId: string;
  readonly pharmacyId: string;
  /** Where the order was when the row was leased. */
  readonly status: OrderStatus;
}

/**
 * Leases the rows that are due, oldest first, for `leaseMs`. Of one order only the oldest row is
 * ever leased, so that an order's rows go in their order; rows that others hold are passed over.
 *
 * @param most how many rows at most.
 */
export async function leaseRows(sql: Sql, most: number, leaseMs: number): Promise<OutboxRow[]> {
  return await sql<OutboxRow[]>`
    WITH due AS (
      SELECT id FROM outbox
      WHERE available_at <= now() AND (locked_until IS NULL OR locked_until < now())
        AND NOT EXISTS (
          SELECT FROM outbox AS earlier
          WHERE earlier.order_id = outbox.order_id AND earlier.id < outbox.id)
      ORDER BY available_at, id
      LIMIT ${most}
      FOR UPDATE SKIP LOCKED
    )
    UPDATE outbox SET locked_until = now() + ${leaseMs} * interval '1 millisecond'
    FROM due, orders
    WHERE outbox.id = due.id AND orders.id = outbox.order_id
    RETURNING outbox.id, kind, attempts, order_id, organization_id, case_id, pharmacy_id,
      orders.status`;
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
