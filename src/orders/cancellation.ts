import { type AuditSource, recordAudit } from '../audit/record-audit.ts';
import type { OrderStatus } from '../contract/order.ts';
import { isUuid } from '../lib/uuid.ts';
import type { Sql, Transaction } from '../storage/database.ts';
import { type Actor, changeStatus } from './change-status.ts';
import { notifyAtCommit } from './dispatcher-notifier.ts';
import { sealForOrder } from './order-data-key.ts';
import { OrderNotCancellableError, OrderNotFoundError } from './order-errors.ts';
import type { OrderRef } from './read-order.ts';
import { ENDS, isEnd } from './status.ts';

/**
 * After a refusal the pharmacy is not asked again for so long, unless there is news of the order. A client that
 * repeats its request would otherwise make a call to the pharmacy and a dozen events in Temporal each time.
 */
const PAUSE = '1 minute';

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
 * - A second request changes nothing while the first one is pending.
 * - After a refusal a new request is sent to the pharmacy again. If it comes within a minute, and the order has
 *   no news, it gets the same refusal at once. An operator's request is always sent.
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
  else if (order.status === 'FETCHING_DOCUMENTS')
    await noteRefusal(sql, key.orderId, request, 'TOO_LATE');
  else if (!order.pending) await askPharmacy(sql, key.orderId, request);
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
  await sql`
    INSERT INTO outbox (order_id, kind) VALUES (${orderId}, 'cancel')
    RETURNING ${notifyAtCommit(sql)}`;
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
    INSERT INTO outbox (order_id, kind) VALUES (${orderId}, 'cancel')
    RETURNING ${notifyAtCommit(sql)}`;
}

/** Stores a request for the pharmacy, unless the pharmacy refused one just now. */
async function askPharmacy(sql: Sql, orderId: string, request: CancelRequest): Promise<void> {
  const refusal = request.actor === 'api' ? await readFreshRefusal(sql, orderId) : undefined;
  if (refusal === undefined) await storeRequest(sql, orderId, request);
  else await noteRefusal(sql, orderId, request, refusal);
}

/** The code of a refusal that is less than {@link PAUSE} old and the last news of the order. */
async function readFreshRefusal(sql: Sql, orderId: string): Promise<string | undefined> {
  const [last] = await sql<{ reasonCode: string }[]>`
    SELECT reason_code FROM (
      SELECT id, event, reason_code, at FROM order_activity
      WHERE order_id = ${orderId} AND event IS DISTINCT FROM 'CANCEL_REQUESTED'
      ORDER BY id DESC LIMIT 1
    ) AS last
    WHERE event = 'CANCEL_REFUSED' AND at > now() - ${PAUSE}::interval
      AND NOT EXISTS (
        SELECT FROM inbox WHERE order_id = ${orderId} AND received_at > last.at)`;
  return last?.reasonCode;
}

/** Records a request and its refusal, without asking the pharmacy. */
async function noteRefusal(
  sql: Sql,
  orderId: string,
  { actor }: CancelRequest,
  reasonCode: string,
): Promise<void> {
  await sql`
    INSERT INTO order_activity (order_id, actor, event, reason_code) VALUES
      (${orderId}, ${actor}, 'CANCEL_REQUESTED', NULL),
      (${orderId}, 'pharmacy', 'CANCEL_REFUSED', ${reasonCode})`;
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
