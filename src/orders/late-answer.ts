import type { Sql } from '../storage/database.ts';
import { changeStatus } from './change-status.ts';
import { queueRestart } from './queue-restart.ts';
import { REOPENING } from './status.ts';

/** Why an order rests that its pharmacy spoke of after it had expired. */
export const LATE_ANSWER = 'LATE_ANSWER';
/**
 * What a pharmacy says of an order that it goes on with. That it cancelled the order is no news after
 * the expiry: it was asked to.
 */
const ANSWERS = ['completed', 'rejected', 'tracking_added'];

/**
 * Opens an order again of which the pharmacy speaks after it has expired: it rests in
 * `NEEDS_ATTENTION` until people decide. Other orders, and other messages, are left as they are.
 * Called in the transaction that takes the message in.
 *
 * @param type the message's type.
 */
export async function reopenByLateAnswer(sql: Sql, orderId: string, type: string): Promise<void> {
  if (!ANSWERS.includes(type)) return;
  // Without a lock, which a thousand messages at once would wait for. The message's row holds the
  // order's against `expireOrder`: what is not expired here will see the message before it expires.
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
  // What it said before the expiry is no reason to overhear what it says now.
  await sql`UPDATE orders SET completion_hints = '{}' WHERE id = ${orderId}`;
  await queueRestart(sql, orderId);
}

/** The last message of an order that says what would open it again; null when there is none. */
export async function lastAnswer(sql: Sql, orderId: string): Promise<string | null> {
  const [row] = await sql<{ last: string | null }[]>`
    SELECT max(id) AS last FROM inbox WHERE order_id = ${orderId} AND type = ANY(${ANSWERS})`;
  return row?.last ?? null;
}
