import type { OrderStatus } from '../contract/order.ts';
import type { Sql } from '../storage/database.ts';
import { statesBefore } from './status.ts';

/** Who changed an order, as its timeline tells it. */
export type Actor = 'api' | 'pharmacy' | 'operator' | 'system';

/** A change of an order's status and what is recorded with it. */
export interface StatusChange {
  readonly to: OrderStatus;
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
 * is, so that a repeated or outrun change does nothing.
 *
 * @returns the status that the order has now, and whether this call changed it.
 */
export async function changeStatus(
  sql: Sql,
  orderId: string,
  change: StatusChange,
): Promise<{ changed: boolean; status: OrderStatus }> {
  const [row] = await sql<{ changed: boolean; status: OrderStatus }[]>`
    WITH present AS (
      SELECT id, status FROM orders WHERE id = ${orderId} FOR UPDATE
    ), changed AS (
      UPDATE orders SET
        status = ${change.to},
        reason_code = ${change.reasonCode ?? null},
        reason = ${change.reason ?? null},
        pharmacy_order_id = coalesce(${change.pharmacyOrderId ?? null}, pharmacy_order_id),
        sent_at = CASE WHEN ${change.sent ?? false} THEN coalesce(sent_at, now()) ELSE sent_at END,
        updated_at = now()
      FROM present
      WHERE orders.id = present.id AND present.status = ANY(${statesBefore(change.to)})
      RETURNING orders.id, present.status AS from_status
    ), noted AS (
      INSERT INTO order_activity (order_id, actor, event, from_status, to_status, reason_code)
      SELECT id, ${change.actor}, 'STATUS_CHANGED', from_status, ${change.to},
        ${change.reasonCode ?? null}
      FROM changed
    )
    SELECT
      EXISTS (SELECT FROM changed) AS changed,
      CASE WHEN EXISTS (SELECT FROM changed) THEN ${change.to} ELSE present.status END AS status
    FROM present`;
  if (row === undefined) throw new UnknownOrderError(orderId);
  return row;
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
