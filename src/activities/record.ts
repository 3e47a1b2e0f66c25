import type { OrderStatus } from '../contract/order.ts';
import { changeStatus, type StatusChange } from '../orders/change-status.ts';
import type { Sql } from '../storage/database.ts';
import type { StepResult } from '../workflows/order-activities.ts';
import type { EndStatus } from '../workflows/order-messages.ts';
import { endedResult, readOrderRow } from './order-row.ts';

/**
 * The step's answer for an order that retrying cannot mend, recorded on the order.
 *
 * @param from only when it is there; see {@link StatusChange}.
 */
export async function needsAttention(
  sql: Sql,
  orderId: string,
  reasonCode: string,
  reason: string,
  from?: OrderStatus,
): Promise<StepResult<never>> {
  const { status } = await changeStatus(sql, orderId, {
    to: 'NEEDS_ATTENTION',
    ...(from === undefined ? {} : { from }),
    actor: 'system',
    reasonCode,
    reason,
  });
  // A cancel may have come first.
  if (status !== 'NEEDS_ATTENTION') return await presentEnd(sql, orderId);
  return { outcome: 'needs-attention', reasonCode };
}

/** The step's answer for an order that ends here, recorded on the order; the first end wins. */
export async function ended(
  sql: Sql,
  orderId: string,
  change: StatusChange & { to: EndStatus },
): Promise<StepResult<never>> {
  const { changed } = await changeStatus(sql, orderId, change);
  if (!changed) return await presentEnd(sql, orderId);
  const { to: status, reasonCode } = change;
  return { outcome: 'ended', status, ...(reasonCode === undefined ? {} : { reasonCode }) };
}

/**
 * The end that the order has already.
 *
 * @throws {Error} it has none: the status machine forbids the change that was wanted.
 */
export async function presentEnd(sql: Sql, orderId: string): Promise<StepResult<never>> {
  const order = await readOrderRow(sql, orderId);
  const result = endedResult(order);
  if (result === undefined) throw new Error(`order ${orderId} is ${order.status}`);
  return result;
}
