import type { OrderSummary } from '../contract/order.ts';
import { timestamp } from '../lib/timestamp.ts';
import type { Sql } from '../storage/database.ts';
import { ENDS } from './status.ts';

/*
 * A step that keeps failing delays its order. The row of the order counts the failures in a row; reads,
 * `rx doctor` and the metric `rx_orders_delayed` show a delay once it has lasted for a minute.
 */

/** How long a step fails before its order counts as delayed, in seconds. */
const DELAY_AFTER_SECONDS = 60;

/** The columns of {@link DelayRow}. */
export function delayColumns(sql: Sql) {
  return sql`delay_code, delay_since, delay_attempts, delay_next_at, ${isDelayed(sql)} AS is_delayed`;
}

/** The condition that an order is delayed; null or false for any other. */
export function isDelayed(sql: Sql) {
  return sql`delay_since < now() - ${DELAY_AFTER_SECONDS}::int * interval '1 second'`;
}

export interface DelayRow {
  readonly delayCode: string | null;
  readonly delaySince: Date | null;
  readonly delayAttempts: number | null;
  readonly delayNextAt: Date | null;
  readonly isDelayed: boolean | null;
}

/** Reads the delay of an order; undefined for an order that is not delayed. */
export function delayOf(row: DelayRow): Required<OrderSummary>['delay'] | undefined {
  const { delayCode: code, delaySince, delayAttempts: attempts, delayNextAt } = row;
  if (!row.isDelayed || code === null || attempts === null) return undefined;
  if (delaySince === null || delayNextAt === null) return undefined;
  return { code, since: timestamp(delaySince), attempts, nextAttemptAt: timestamp(delayNextAt) };
}

/** A failed attempt at a step of an order. */
export interface FailedAttempt {
  /** A stable code, e.g. `PHARMACY_HTTP_503`. */
  readonly code: string;
  /** The time until the next attempt, in milliseconds. */
  readonly delayMs: number;
}

/**
 * Records a failed attempt. The attempt after which the delay will have lasted for a minute adds the
 * timeline row `DELAYED`.
 *
 * @param which whether an order that has ended is delayed, too.
 * @returns how long the step has been failing, in milliseconds, and how long the pharmacy of the order
 *   may take; undefined for an order that has ended.
 */
export async function recordFailedAttempt(
  sql: Sql,
  orderId: string,
  { code, delayMs }: FailedAttempt,
  which: 'open' | 'any' = 'open',
): Promise<{ readonly failingMs: number; readonly completionLimitMs: number | null } | undefined> {
  const [row] = await sql<{ failingMs: number; completionLimitMs: string | null }[]>`
    WITH present AS (
      SELECT id, delay_noted,
        now() + ${delayMs}::float8 * interval '1 millisecond' AS next_at,
        coalesce(delay_since, now()) AS since
      FROM orders
      WHERE id = ${orderId} AND erased_at IS NULL
        AND (${which === 'any'} OR status <> ALL(${ENDS}))
      FOR UPDATE
    ), recorded AS (
      UPDATE orders SET delay_code = ${code}, delay_since = since, delay_next_at = next_at,
        delay_attempts = coalesce(delay_attempts, 0) + 1,
        delay_noted = present.delay_noted OR next_at - since >= ${DELAY_AFTER_SECONDS}::int * interval '1 second'
      FROM present WHERE orders.id = present.id
      RETURNING orders.id, pharmacy_id, since, orders.delay_noted AND NOT present.delay_noted AS begins
    ), noted AS (
      INSERT INTO order_activity (order_id, actor, event, reason_code)
      SELECT id, 'system', 'DELAYED', ${code} FROM recorded WHERE begins
    )
    SELECT extract(epoch FROM now() - since)::float8 * 1000 AS failing_ms,
      (SELECT completion_limit_ms FROM pharmacies WHERE pharmacies.id = pharmacy_id)
    FROM recorded`;
  if (row === undefined) return undefined;
  const { failingMs, completionLimitMs: limit } = row;
  return { failingMs, completionLimitMs: limit === null ? null : Number(limit) };
}

/** Ends the delay of an order whose step succeeded. `changeStatus` does this for every other change. */
export async function endDelay(sql: Sql, orderId: string): Promise<void> {
  await sql`
    WITH present AS (
      SELECT id, delay_noted FROM orders
      WHERE id = ${orderId} AND delay_since IS NOT NULL FOR UPDATE
    ), ended AS (
      UPDATE orders SET delay_code = NULL, delay_since = NULL, delay_next_at = NULL,
        delay_attempts = NULL, delay_noted = false
      FROM present WHERE orders.id = present.id
      RETURNING orders.id, present.delay_noted
    )
    INSERT INTO order_activity (order_id, actor, event)
    SELECT id, 'system', 'DELAY_ENDED' FROM ended WHERE delay_noted`;
}
