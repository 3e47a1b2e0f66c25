import type { OrderStatus } from '../contract/order.ts';
import type { Sql } from '../storage/database.ts';
import { sealForOrder } from './order-data-key.ts';
import { REOPENING, refusesCancellation, statesBefore } from './status.ts';

/** Who changed an order, as its timeline tells it. */
export type Actor = 'api' | 'pharmacy' | 'operator' | 'system';

/** A change of an order's status and what is recorded with it. */
export interface StatusChange {
  readonly to: OrderStatus;
  /** Only when the order is there: for an attempt that may have been outrun by another. */
  readonly from?: OrderStatus;
  readonly actor: Actor;
  /** A stable code, e.g. `DOCUMENT_MISMATCH`; cleared when the order moves on without one. */
  readonly reasonCode?: string;
  /** The reason in words for the organization; may be the pharmacy's own. Never logged. */
  readonly reason?: string;
  /** The pharmacy's id of the order, once it is known. */
  readonly pharmacyOrderId?: string;
  /** True when the order is about to be sent: from then on the pharmacy may have it. */
  readonly sent?: boolean;
}

/**
 * Moves an order to another status and writes the timeline row, in one statement. The only place
 * that changes an order's status: an order whose present status may not become `to` is left as it
 * is, so that a repeated or outrun change does nothing. A pending request to cancel that the change
 * defeats is refused by it, in the timeline too.
 *
 * @returns the status that the order has now, and whether this call changed it.
 */
export async function changeStatus(
  sql: Sql,
  orderId: string,
  change: StatusChange,
): Promise<{ changed: boolean; status: OrderStatus }> {
  const from = statesLeft(change);
  const refuses = refusesCancellation(change.to);
  const reason = await sealForOrder(sql, orderId, 'reason', change.reason);
  const [row] = await sql<{ changed: boolean; status: OrderStatus }[]>`
    WITH present AS (
      SELECT id, status, ${refuses} AND cancel_requested_at IS NOT NULL AS refuses
      FROM orders WHERE id = ${orderId} FOR UPDATE
    ), changed AS (
      UPDATE orders SET
        status = ${change.to},
        reason_code = ${change.reasonCode ?? null},
        reason = ${reason},
        pharmacy_order_id = coalesce(${change.pharmacyOrderId ?? null}, pharmacy_order_id),
        sent_at = CASE WHEN ${change.sent ?? false} THEN coalesce(sent_at, now()) ELSE sent_at END,
        cancel_requested_at = CASE WHEN NOT refuses THEN cancel_requested_at END,
        cancel_requested_by = CASE WHEN NOT refuses THEN cancel_requested_by END,
        cancel_reason = CASE WHEN NOT refuses THEN cancel_reason END,
        updated_at = now()
      FROM present
      WHERE orders.id = present.id AND present.status = ANY(${from})
      RETURNING orders.id, present.status AS from_status, refuses
    ), noted AS (
      INSERT INTO order_activity (order_id, actor, event, from_status, to_status, reason_code)
      SELECT id, ${change.actor}, 'STATUS_CHANGED', from_status, ${change.to},
        ${change.reasonCode ?? null}
      FROM changed
      UNION ALL
      SELECT id, ${change.to === 'EXPIRED' ? 'system' : 'pharmacy'}, 'CANCEL_REFUSED', NULL, NULL,
        'TOO_LATE'
      FROM changed WHERE refuses
    )
    SELECT
      EXISTS (SELECT FROM changed) AS changed,
      CASE WHEN EXISTS (SELECT FROM changed) THEN ${change.to} ELSE present.status END AS status
    FROM present`;
  if (row === undefined) throw new UnknownOrderError(orderId);
  return row;
}

/** The states that a change may find the order in. */
function statesLeft({ from, to }: StatusChange): OrderStatus[] {
  if (from === REOPENING.from && to === REOPENING.to) return [from];
  return statesBefore(to).filter((each) => from === undefined || each === from);
}

/** There is no order of this id. */
class UnknownOrderError extends Error {
  override readonly name = 'UnknownOrderError';
  readonly orderId: string;

  constructor(orderId: string) {
    super(`no order ${orderId}`);
    this.orderId = orderId;
  }
}
