import type { OrderStatus } from '../contract/order.ts';
import type { Sql } from '../storage/database.ts';
import { reportEnd } from './ended-orders.ts';
import { sealForOrder } from './order-data-key.ts';
import { withPharmacyOrderLock } from './pharmacy-order-lock.ts';
import { isEnd, isReopening, refusesCancellation, statesBefore } from './status.ts';

/** Who changed an order, as its timeline shows it. */
export type Actor = 'api' | 'pharmacy' | 'operator' | 'system';

/** A change of an order's status, with the data to record. */
export interface StatusChange {
  readonly to: OrderStatus;
  /** Change the order only if it has this status: for an attempt that may be stale. */
  readonly from?: OrderStatus;
  readonly actor: Actor;
  /** A stable code, e.g. `DOCUMENT_MISMATCH`; a change without a code clears the earlier one. */
  readonly reasonCode?: string;
  /** An explanation for the organization, sometimes the pharmacy's own text; never logged. */
  readonly reason?: string;
  /** The pharmacy's id of the order, once it is known. */
  readonly pharmacyOrderId?: string;
  /** Whether the order is about to be sent: from then on the pharmacy may have it. */
  readonly sent?: boolean;
  /** The encrypted address of an order that has no copy of its own yet; it replaces the case's. */
  readonly shippingAddress?: string;
  /** Change the order only if the pharmacy has sent no message about it since it had sent so many. */
  readonly messageCount?: number;
}

/**
 * Moves an order to another status and writes its timeline row, in one statement. No other code changes
 * an order's status.
 *
 * - If the status machine (status.ts) does not allow the change, nothing happens, so that a repeated or
 *   stale change is harmless.
 * - The change ends a delay of the step before it (delay.ts).
 * - If a cancellation is pending and the change makes it impossible, the statement also refuses it.
 * - **Events**: the insert into `order_activity` fires the trigger `tell_of_activity` (migration
 *   0007-webhooks.sql; the present definition is in docs/schema.sql). Its function `tell_of_activity()`
 *   calls `record_order_event()`, which inserts the event into `events` and, by `queue_event()`, a row
 *   into `webhook_deliveries` for each endpoint that wants it. This happens in the same transaction, so
 *   that no change can lack its event (docs/adr/0013).
 *
 * | timeline row                                             | event                  |
 * | -------------------------------------------------------- | ---------------------- |
 * | the first `STATUS_CHANGED` with a pharmacy order id      | `ORDER_CREATED`        |
 * | `STATUS_CHANGED` to an end or to `NEEDS_ATTENTION`       | `ORDER_STATUS_CHANGED` |
 * | `TRACKING_ADDED` (pharmacy-message.ts)                   | `ORDER_TRACKING_ADDED` |
 * | `DOCUMENT_STORED` (src/activities/stored-documents.ts)   | `ADD_CASE_ATTACHMENT`  |
 * | `DOCUMENT_WITHDRAWN` (the same)                          | `DELETE_ATTACHMENT`    |
 *
 * @returns the order's status after the call, and whether this call changed it.
 * @throws {UnknownOrderError} there is no such order.
 */
export async function changeStatus(
  sql: Sql,
  orderId: string,
  change: StatusChange,
): Promise<{ changed: boolean; status: OrderStatus }> {
  const from = allowedFrom(change);
  const refuses = refusesCancellation(change.to);
  const reason = await sealForOrder(sql, orderId, 'reason', change.reason);
  const { pharmacyOrderId = null, shippingAddress = null, messageCount = null } = change;
  const [row] = await sql<ChangedRow[]>`
    WITH present AS (
      SELECT id, status, delay_noted, message_count, pharmacy_id, created_at,
        ${refuses} AND cancel_requested_at IS NOT NULL AS refuses
      FROM orders ${pharmacyOrderId === null ? sql`` : withPharmacyOrderLock(sql, pharmacyOrderId)}
      WHERE id = ${orderId} FOR UPDATE OF orders
    ), changed AS (
      UPDATE orders SET
        status = ${change.to},
        reason_code = ${change.reasonCode ?? null},
        reason = ${reason},
        pharmacy_order_id = coalesce(${pharmacyOrderId}, pharmacy_order_id),
        shipping_address = coalesce(shipping_address, ${shippingAddress}::text),
        case_key = CASE WHEN ${shippingAddress}::text IS NULL THEN case_key END,
        case_address = CASE WHEN ${shippingAddress}::text IS NULL THEN case_address END,
        sent_at = CASE WHEN ${change.sent ?? false} THEN coalesce(sent_at, now()) ELSE sent_at END,
        cancel_requested_at = CASE WHEN NOT refuses THEN cancel_requested_at END,
        cancel_requested_by = CASE WHEN NOT refuses THEN cancel_requested_by END,
        cancel_reason = CASE WHEN NOT refuses THEN cancel_reason END,
        delay_code = NULL, delay_since = NULL, delay_attempts = NULL, delay_next_at = NULL,
        delay_noted = false,
        updated_at = now()
      FROM present
      WHERE orders.id = present.id AND present.status = ANY(${from})
        AND present.message_count = coalesce(${messageCount}::bigint, present.message_count)
      RETURNING orders.id, present.status AS from_status, refuses, present.delay_noted
    ), noted AS (
      INSERT INTO order_activity (order_id, actor, event, from_status, to_status, reason_code)
      SELECT id, ${change.actor}, 'STATUS_CHANGED', from_status, ${change.to},
        ${change.reasonCode ?? null}
      FROM changed
      UNION ALL
      SELECT id, ${change.to === 'EXPIRED' ? 'system' : 'pharmacy'}, 'CANCEL_REFUSED', NULL, NULL,
        'TOO_LATE'
      FROM changed WHERE refuses
      UNION ALL
      SELECT id, 'system', 'DELAY_ENDED', NULL, NULL, NULL FROM changed WHERE delay_noted
    )
    SELECT
      EXISTS (SELECT FROM changed) AS changed,
      CASE WHEN EXISTS (SELECT FROM changed) THEN ${change.to} ELSE present.status END AS status,
      extract(epoch FROM now() - created_at)::float8 AS seconds,
      (SELECT id FROM pharmacies WHERE id = present.pharmacy_id) AS pharmacy_id
    FROM present`;
  if (row === undefined) throw new UnknownOrderError(orderId);
  const { changed, status, ...end } = row;
  if (changed && isEnd(status)) reportEnd({ status, ...end });
  return { changed, status };
}

interface ChangedRow {
  readonly changed: boolean;
  readonly status: OrderStatus;
  readonly seconds: number;
  readonly pharmacyId: string | null;
}

/** The statuses from which this change is allowed. */
function allowedFrom({ from, to }: StatusChange): OrderStatus[] {
  if (from !== undefined && isReopening(from, to)) return [from];
  return statesBefore(to).filter((each) => from === undefined || each === from);
}

/** No order has this id. */
class UnknownOrderError extends Error {
  override readonly name = 'UnknownOrderError';
  readonly orderId: string;

  constructor(orderId: string) {
    super(`no order ${orderId}`);
    this.orderId = orderId;
  }
}
