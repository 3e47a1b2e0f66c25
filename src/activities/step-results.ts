import type { OrderStatus } from '../contract/order.ts';
import { changeStatus, type StatusChange } from '../orders/change-status.ts';
import { followLateMessage } from '../orders/late-news.ts';
import { isEnd } from '../orders/status.ts';
import type { Database, Sql } from '../storage/database.ts';
import { inTransaction } from '../storage/transaction.ts';
import type { StepResult } from '../workflows/order-activities.ts';
import type { EndStatus } from '../workflows/order-messages.ts';
import { messageCounts, type OrderRow, readOrderRow } from './order-row.ts';

/*
 * The results that an activity returns to the workflow. Each is recorded on the order before it is
 * returned, so that Postgres is never behind the workflow.
 */

/** A change to an end. */
type EndChange = StatusChange & { readonly to: EndStatus };

type EndedResult = Extract<StepResult, { outcome: 'ended' }>;

/**
 * Moves the order to `NEEDS_ATTENTION`, because retrying cannot help, and returns the step's result.
 * If the order has ended meanwhile (a cancellation may have come first), returns that end.
 *
 * @param reasonCode a stable code, e.g. `PHARMACY_UNKNOWN`.
 * @param reason an explanation for the organization; never logged. It may be missing.
 * @param from see {@link StatusChange}.
 */
export async function needsAttention(
  sql: Sql,
  orderId: string,
  reasonCode: string,
  reason: string | undefined,
  from?: OrderStatus,
): Promise<StepResult<never>> {
  const { status } = await changeStatus(sql, orderId, {
    to: 'NEEDS_ATTENTION',
    ...(from === undefined ? {} : { from }),
    actor: 'system',
    reasonCode,
    ...(reason === undefined ? {} : { reason }),
  });
  if (status !== 'NEEDS_ATTENTION') return await existingEnd(sql, orderId);
  return { outcome: 'needs-attention', reasonCode };
}

/**
 * Ends the order and returns the step's result. The first end wins: a later one changes nothing.
 *
 * A message that arrived after the step had begun may report something that the step has not read, and
 * the workflow that it was meant for ends now. It is followed up as a message about an ended order.
 *
 * @param order the order as the step read it, before it read the order at the pharmacy.
 */
export async function ended(
  database: Database,
  order: Pick<OrderRow, 'id' | 'messages' | 'messageCount'>,
  change: EndChange,
): Promise<StepResult<never>> {
  const { messageCount } = order;
  const { changed } = await changeStatus(database, order.id, { ...change, messageCount });
  if (changed) return resultOf(change);
  return await inTransaction(database, async (sql) => {
    const result = await recordEnd(sql, order.id, change);
    // The change has locked the order: no message can be stored between it and this count.
    const before = new Map(order.messages);
    for (const [type, count] of await messageCounts(sql, order.id)) {
      if (count > (before.get(type) ?? 0)) await followLateMessage(sql, order.id, type);
    }
    return result;
  });
}

/** As {@link ended}, for a caller that handles the messages which arrived meanwhile. */
export async function recordEnd(
  sql: Sql,
  orderId: string,
  change: EndChange,
): Promise<StepResult<never>> {
  const { changed } = await changeStatus(sql, orderId, change);
  if (!changed) return await existingEnd(sql, orderId);
  return resultOf(change);
}

function resultOf({ to: status, reasonCode }: EndChange): StepResult<never> {
  return { outcome: 'ended', status, ...(reasonCode === undefined ? {} : { reasonCode }) };
}

/**
 * Returns the end that is already recorded on the order.
 *
 * @throws {Error} the order is open: the status machine does not allow the change that the caller
 *   attempted.
 */
export async function existingEnd(sql: Sql, orderId: string): Promise<StepResult<never>> {
  const order = await readOrderRow(sql, orderId);
  const result = endedResult(order);
  if (result === undefined) throw new Error(`order ${orderId} is ${order.status}`);
  return result;
}

/** The result of every step of an order that has ended; undefined for an open order. */
export function endedResult(
  order: Pick<OrderRow, 'status' | 'reasonCode'>,
): EndedResult | undefined {
  if (!isEndStatus(order.status)) return undefined;
  return {
    outcome: 'ended',
    status: order.status,
    ...(order.reasonCode === null ? {} : { reasonCode: order.reasonCode }),
  };
}

function isEndStatus(status: OrderStatus): status is EndStatus {
  return isEnd(status);
}
