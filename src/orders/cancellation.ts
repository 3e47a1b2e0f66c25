import { type AuditSource, recordAudit } from '../audit/record-audit.ts';
import type { OrderStatus } from '../contract/order.ts';
import { isUuid } from '../lib/uuid.ts';
import type { Sql, Transaction } from '../storage/database.ts';
import { type Actor, changeStatus } from './change-status.ts';
import { sealForOrder } from './order-data-key.ts';
import { OrderNotCancellableError, OrderNotFoundError } from './order-errors.ts';
import type { OrderRef } from './read-order.ts';
import { ENDS, isEnd } from './status.ts';

/** Who requests a cancellation, and why. */
export interface CancelRequest {
  readonly actor: Extract<Actor, 'api' | 'operator'>;
  /** An explanation for people who read the order; never logged. */
  readonly reason?: string;
}

/**
 * Requests the cancellation of an order, at any time before its end.
 *
 * - An order that was never sent is cancelled immediately.
 * - If the pharmacy may have the order, the request and an outbox row are stored; the workflow then
 *   requests the cancellation at the pharmacy. The order's end or its timeline shows the outcome.
 * - If the documents are being fetched, the request is recorded and refused as `TOO_LATE`.
 * - A second request changes nothing while the first one is pending. After a refusal a new request is
 *   sent to the pharmacy again.
 *
 * @param by who requests it, for the audit log: the audit row is in the same transaction.
 * @throws {OrderNotFoundError} the organization has no such order (in that case).
 * @throws {OrderNotCancellableError} the order has ended.
 */
export async function cancelOrder(
  sql: Transaction,
  key: OrderRef,
  request: CancelRequest,
  by: AuditSource,
): Promise<void> {
  if (!isUuid(key.orderId) || key.caseId?.includes('\0')) throw new OrderNotFoundError();
  await requestCancellation(sql, key, request);
  await recordAudit(sql, { ...by, ...key, action: 'ORDER_CANCEL_REQUESTED', result: 'OK' });
}

/** As {@link cancelOrder}, without the audit row; for callers that write their own. */
export async function requestCancellation(
  sql: Sql,
  key: OrderRef,
  request: CancelRequest,
): Promise<void> {
  const order = await lockOrder(sql, key);
  if (isEnd(order.status)) throw new OrderNotCancellableError(order.status);
  if (!order.sent) await cancelAtOnce(sql, key.orderId, request);
  else if (order.status === 'FETCHING_DOCUMENTS') await noteTooLate(sql, key.orderId, request);
  else if (!order.pending) await storeRequest(sql, key.orderId, request);
}

interface LockedOrder {
  readonly status: OrderStatus;
  /** Whether the pharmacy may have it. */
  readonly sent: boolean;
  /** Whether an earlier request waits for its outcome. */
  readonly pending: boolean;
}

/** Reads and locks the order, so that it is not sent, ended or cancelled before the change. */
async function lockOrder(sql: Sql, key: OrderRef): Promise<LockedOrder> {
  const [order] = await sql<LockedOrder[]>`
    SELECT status, sent_at IS NOT NULL AS sent, cancel_requested_at IS NOT NULL AS pending
    FROM orders
    WHERE id = ${key.orderId} AND organization_id = ${key.organizationId}
      AND ${key.caseId === undefined ? sql`true` : sql`case_id = ${key.caseId}`}
    FOR UPDATE`;
  if (order === undefined) throw new OrderNotFoundError();
  return order;
}

async function cancelAtOnce(
  sql: Sql,
  orderId: string,
  { actor, reason }: CancelRequest,
): Promise<void> {
  await changeStatus(sql, orderId, {
    to: 'CANCELLED',
    actor,
    reasonCode: 'CANCEL_REQUESTED',
    ...(reason === undefined ? {} : { reason }),
  });
  await sql`INSERT INTO outbox (order_id, kind) VALUES (${orderId}, 'cancel')`;
}

async function storeRequest(
  sql: Sql,
  orderId: string,
  { actor, reason }: CancelRequest,
): Promise<void> {
  const sealed = await sealForOrder(sql, orderId, 'cancelReason', reason);
  await sql`
    WITH requested AS (
      UPDATE orders SET cancel_requested_at = now(), cancel_requested_by = ${actor},
        cancel_reason = ${sealed}, updated_at = now()
      WHERE id = ${orderId}
    ), noted AS (
      INSERT INTO order_activity (order_id, actor, event)
      VALUES (${orderId}, ${actor}, 'CANCEL_REQUESTED')
    )
    INSERT INTO outbox (order_id, kind) VALUES (${orderId}, 'cancel')`;
}

/** Records and refuses a request: the pharmacy has reported that the order is completed. */
async function noteTooLate(sql: Sql, orderId: string, { actor }: CancelRequest): Promise<void> {
  await sql`
    INSERT INTO order_activity (order_id, actor, event, reason_code) VALUES
      (${orderId}, ${actor}, 'CANCEL_REQUESTED', NULL),
      (${orderId}, 'pharmacy', 'CANCEL_REFUSED', 'TOO_LATE')`;
}

/**
 * Refuses the pending request and records the refusal in the timeline. Does nothing without a pending
 * request.
 *
 * @param reasonCode a stable code, e.g. `TOO_LATE`.
 */
export async function refuseCancellation(
  sql: Sql,
  orderId: string,
  reasonCode: string,
): Promise<void> {
  await sql`
    WITH refused AS (
      UPDATE orders SET cancel_requested_at = NULL, cancel_requested_by = NULL,
        cancel_reason = NULL, updated_at = now()
      WHERE id = ${orderId} AND cancel_requested_at IS NOT NULL AND status <> ALL(${ENDS})
      RETURNING id
    )
    INSERT INTO order_activity (order_id, actor, event, reason_code)
    SELECT id, 'pharmacy', 'CANCEL_REFUSED', ${reasonCode} FROM refused`;
}
