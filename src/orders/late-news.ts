import type { OrderStatus } from '../contract/order.ts';
import type { Sql } from '../storage/database.ts';
import { changeStatus } from './change-status.ts';
import { notifyAtCommit } from './dispatcher-notifier.ts';
import { queueRestart } from './queue-restart.ts';
import { ENDS } from './status.ts';

/*
 * News about an order that has ended. A message is only a hint: a workflow of its own reads the order at
 * the pharmacy (src/activities/follow-news.ts), fetches documents that came late, and reopens the order
 * if the pharmacy contradicts its end. Only an expired order is reopened by the message itself, because
 * nobody confirmed its end.
 */

/** The reason code of an order whose pharmacy contradicts the end that it had. */
export const LATE_ANSWER = 'LATE_ANSWER';
/**
 * The messages that reopen an expired order: the pharmacy went on with it. `cancelled` is not among
 * them, because the expiry itself requests the cancellation.
 */
const REOPENING_TYPES = ['completed', 'rejected', 'tracking_added'];

/**
 * Follows up a message about an order that has ended. Does nothing for an open order. Call it in the
 * transaction that stores the message.
 *
 * @param type the message's type.
 */
export async function followLateMessage(sql: Sql, orderId: string, type: string): Promise<void> {
  const [order] = await sql<{ status: OrderStatus }[]>`
    SELECT status FROM orders WHERE id = ${orderId} AND status = ANY(${ENDS}) AND erased_at IS NULL`;
  if (order === undefined) return;
  if (order.status === 'EXPIRED' && REOPENING_TYPES.includes(type)) {
    const reason = 'The pharmacy answered after the order had expired.';
    await reopenOrder(sql, orderId, { from: order.status, reasonCode: LATE_ANSWER, reason });
    return;
  }
  // A completed order often gets its tracking later. For any other end it would be a contradiction.
  if (order.status === 'COMPLETED' && type === 'tracking_added') return;
  // One row is enough for a thousand messages: the workflow reads the order after it started.
  await sql`
    WITH queued AS (
      INSERT INTO outbox (order_id, kind)
      SELECT ${orderId}, 'news'
      WHERE NOT EXISTS (
        SELECT FROM outbox WHERE order_id = ${orderId} AND kind = 'news' AND locked_until IS NULL)
      RETURNING order_id, ${notifyAtCommit(sql)}
    )
    INSERT INTO order_news (order_id) SELECT order_id FROM queued`;
}

/**
 * Runs `read`, which reads an order at its pharmacy, and then deletes the news that it has followed up.
 * News that comes meanwhile stays: the read may be older. News of a read that fails stays, too.
 */
export async function followingNews<T>(
  sql: Sql,
  orderId: string,
  read: () => Promise<T>,
): Promise<T> {
  const rows = await sql<{ id: string }[]>`SELECT id FROM order_news WHERE order_id = ${orderId}`;
  const result = await read();
  await sql`DELETE FROM order_news WHERE id = ANY(${rows.map(({ id }) => id)}::text[]::bigint[])`;
  return result;
}

/**
 * Reopens an order that has ended: it becomes `NEEDS_ATTENTION` until an operator decides. Does nothing
 * if the order has another status by now.
 *
 * @param change.from the end that the order has.
 * @param change.reason an explanation for the organization; never logged.
 */
export async function reopenOrder(
  sql: Sql,
  orderId: string,
  change: {
    readonly from: OrderStatus;
    readonly reasonCode: string;
    readonly reason?: string | undefined;
  },
): Promise<void> {
  const { from, reasonCode, reason } = change;
  const { changed } = await changeStatus(sql, orderId, {
    ...{ from, to: 'NEEDS_ATTENTION', actor: 'pharmacy', reasonCode },
    ...(reason === undefined ? {} : { reason }),
  });
  if (!changed) return;
  // A hint that came before the end must not suppress a later one, and a request that led to the end must
  // not be sent to the pharmacy again.
  await sql`
    UPDATE orders SET completion_hints = '{}', cancel_requested_at = NULL, cancel_requested_by = NULL,
      cancel_reason = NULL
    WHERE id = ${orderId}`;
  // An open order has a workflow that reads it.
  await sql`DELETE FROM order_news WHERE order_id = ${orderId}`;
  await queueRestart(sql, orderId);
  // After a retry the workflow reads the order immediately, because the pharmacy has finished with it.
  await sql`
    INSERT INTO outbox (order_id, kind) VALUES (${orderId}, 'completion')
    RETURNING ${notifyAtCommit(sql)}`;
}

/** The id of the order's last message that would reopen it; null when there is none. */
export async function lastAnswerId(sql: Sql, orderId: string): Promise<string | null> {
  const [row] = await sql<{ last: string | null }[]>`
    SELECT max(id) AS last FROM inbox WHERE order_id = ${orderId} AND type = ANY(${REOPENING_TYPES})`;
  return row?.last ?? null;
}
