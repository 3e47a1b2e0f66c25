import type { Sql } from '../storage/database.ts';
import { changeStatus } from './change-status.ts';
import { queueRestart } from './queue-restart.ts';
import { REOPENING } from './status.ts';

/** The reason code of an order whose pharmacy answered after the order had expired. */
export const LATE_ANSWER = 'LATE_ANSWER';
/**
 * The messages that reopen an expired order: the pharmacy went on with it. `cancelled` is not among
 * them, because the expiry itself requests the cancellation.
 */
const REOPENING_TYPES = ['completed', 'rejected', 'tracking_added'];

/**
 * Reopens an expired order when its pharmacy reports progress: the order becomes `NEEDS_ATTENTION`
 * until an operator decides. Does nothing for other orders and other messages. Call it in the
 * transaction that stores the message.
 *
 * @param type the message's type.
 */
export async function reopenExpired(sql: Sql, orderId: string, type: string): Promise<void> {
  if (!REOPENING_TYPES.includes(type)) return;
  // Read without a lock: a thousand simultaneous messages would wait for one another. The foreign key
  // of the message's row keeps `expireOrder`, which locks the order, out until this transaction ends;
  // it then sees the message before it expires the order.
  const expired = await sql`
    SELECT FROM orders
    WHERE id = ${orderId} AND status = ${REOPENING.from} AND erased_at IS NULL`;
  if (expired.length === 0) return;
  const { changed } = await changeStatus(sql, orderId, {
    ...REOPENING,
    actor: 'pharmacy',
    reasonCode: LATE_ANSWER,
    reason: 'The pharmacy answered after the order had expired.',
  });
  if (!changed) return;
  // A hint that came before the expiry must not suppress this one.
  await sql`UPDATE orders SET completion_hints = '{}' WHERE id = ${orderId}`;
  await queueRestart(sql, orderId);
}

/** The id of the order's last message that would reopen it; null when there is none. */
export async function lastAnswerId(sql: Sql, orderId: string): Promise<string | null> {
  const [row] = await sql<{ last: string | null }[]>`
    SELECT max(id) AS last FROM inbox WHERE order_id = ${orderId} AND type = ANY(${REOPENING_TYPES})`;
  return row?.last ?? null;
}
