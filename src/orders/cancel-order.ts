import type { OrderStatus } from '../contract/order.ts';
import type { Database } from '../storage/database.ts';
import { type Actor, changeStatus } from './change-status.ts';
import { OrderNotCancellableError, OrderNotFoundError } from './errors.ts';
import { isUuid } from './read-order.ts';

/**
 * Cancels an order that the pharmacy cannot have: one that was never sent. The row that tells the
 * workflow is written in the same transaction.
 *
 * @param reason words for the timeline's reader; never logged.
 * @throws {OrderNotFoundError} the organization has no such order.
 * @throws {OrderNotCancellableError} it has ended, or it was sent to the pharmacy.
 */
export async function cancelOrder(
  sql: Database,
  order: { organizationId: string; orderId: string },
  { actor, reason }: { actor: Actor; reason?: string },
): Promise<void> {
  if (!isUuid(order.orderId)) throw new OrderNotFoundError();
  await sql.begin(async (tx) => {
    // Locked, so that the pharmacy is not sent the order between the look and the change.
    const [row] = await tx<{ status: OrderStatus; sent: boolean }[]>`
      SELECT status, sent_at IS NOT NULL AS sent FROM orders
      WHERE id = ${order.orderId} AND organization_id = ${order.organizationId} FOR UPDATE`;
    if (row === undefined) throw new OrderNotFoundError();
    if (row.sent) throw new OrderNotCancellableError(row.status);
    const { changed } = await changeStatus(tx, order.orderId, {
      to: 'CANCELLED',
      actor,
      reasonCode: 'CANCEL_REQUESTED',
      ...(reason === undefined ? {} : { reason }),
    });
    if (!changed) throw new OrderNotCancellableError(row.status);
    await tx`INSERT INTO outbox (order_id, kind) VALUES (${order.orderId}, 'cancel')`;
  });
}
