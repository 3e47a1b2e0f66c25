import type postgres from 'postgres';
import { type AuditSource, auditRow } from '../audit/record-audit.ts';
import type { OrderStatus } from '../contract/order.ts';
import { isUuid } from '../lib/uuid.ts';
import type { Database, Sql } from '../storage/database.ts';
import { forPharmacy } from '../storage/row-level-security.ts';
import { inTransaction } from '../storage/transaction.ts';
import { isTracing, joinTrace } from '../tracing/tracer.ts';
import {
  applyToOrder,
  followUp,
  type PharmacyMessage,
  passOn,
  type Shipment,
} from './pharmacy-message.ts';
import { lockPharmacyOrder } from './pharmacy-order-lock.ts';

/**
 * Stores a pharmacy's message and applies it to its order in the same transaction. A duplicate changes
 * nothing. A message whose order is not known yet waits in the inbox; {@link applyWaitingMessages}
 * applies it once the pharmacy's order id is recorded.
 *
 * @param by the sender, for the audit log: the audit row is stored with the message.
 */
export async function receiveMessage(
  sql: Database,
  pharmacyId: string,
  message: PharmacyMessage,
  by: AuditSource,
): Promise<'stored' | 'duplicate'> {
  return await forPharmacy(sql, pharmacyId, async (tx) => {
    const byReference = referencedOrder(tx, pharmacyId, message.reference);
    let stored =
      byReference && (await storeMessage(tx, pharmacyId, message, by, { order: byReference }));
    if (stored === undefined) {
      const orderId = await findByPharmacyOrderId(tx, pharmacyId, message.pharmacyOrderId);
      // A message without an order keeps its shipment; otherwise the shipment goes to the order.
      const shipment =
        orderId === undefined ? await sealShipment(tx, { ...message, pharmacyId }) : null;
      const order = tx`SELECT ${orderId ?? null}::uuid AS id`;
      stored = await storeMessage(tx, pharmacyId, message, by, { order, shipment });
    }
    if (stored === undefined || !stored.isNew) return 'duplicate';
    const { orderId: id, status } = stored;
    if (id !== null && isTracing()) await joinTraceOf(tx, id);
    if (id !== null && status !== null) await followUp(tx, { id, status }, message);
    return 'stored';
  });
}

/** The webhook belongs to the trace of its order. */
async function joinTraceOf(tx: Sql, orderId: string): Promise<void> {
  const [order] = await tx<{ traceparent: string | null }[]>`
    SELECT traceparent FROM orders WHERE id = ${orderId}`;
  joinTrace(order?.traceparent);
}

/**
 * Stores a message with the order that a query returns, passes it on to that order, and writes its audit row.
 *
 * @param options.order a query that returns the order's id as `id`: one row with NULL for a message without an
 *   order; no row to store nothing.
 * @returns undefined if `options.order` returned no row. `isNew`: false for a duplicate. `status`: the order's.
 */
async function storeMessage(
  tx: Sql,
  pharmacyId: string,
  message: PharmacyMessage,
  by: AuditSource,
  options: { readonly order: postgres.Fragment; readonly shipment?: string | null },
): Promise<StoredMessage | undefined> {
  const { webhookId, type, reference = null, pharmacyOrderId = null } = message;
  const entry = { ...by, action: 'PHARMACY_MESSAGE_STORED', result: 'OK' };
  const [row] = await tx<StoredMessage[]>`
    WITH target AS (${options.order}), linked AS (
      INSERT INTO inbox (
        pharmacy_id, webhook_id, type, reference, pharmacy_order_id, shipment, order_id)
      SELECT ${pharmacyId}, ${webhookId}, ${type}, ${reference}, ${pharmacyOrderId},
        ${options.shipment ?? null}, target.id FROM target
      ON CONFLICT (pharmacy_id, webhook_id) DO NOTHING
      RETURNING order_id
    ), recorded AS (${auditRow(tx, entry, tx`linked.order_id`)} FROM linked),
    ${passOn(tx, type)}
    SELECT target.id AS order_id, EXISTS (SELECT FROM linked) AS is_new,
      (SELECT status FROM present) AS status
    FROM target`;
  return row;
}

interface StoredMessage {
  readonly orderId: string | null;
  readonly isNew: boolean;
  readonly status: OrderStatus | null;
}

/**
 * Applies the messages that named an order by the pharmacy's id before we knew that id. Call it in
 * the transaction that records the id.
 */
export async function applyWaitingMessages(
  sql: Sql,
  orderId: string,
  pharmacyId: string,
  pharmacyOrderId: string,
): Promise<void> {
  await lockPharmacyOrder(sql, pharmacyId, pharmacyOrderId);
  const waiting = await sql<WaitingMessage[]>`
    WITH waiting AS (
      SELECT id, shipment FROM inbox
      WHERE pharmacy_id = ${pharmacyId} AND pharmacy_order_id = ${pharmacyOrderId}
        AND order_id IS NULL
      FOR UPDATE
    )
    UPDATE inbox SET order_id = ${orderId}, shipment = NULL FROM waiting
    WHERE inbox.id = waiting.id
    RETURNING inbox.id, pharmacy_id, webhook_id, type, waiting.shipment`;
  // In the order of arrival, so that the timeline shows them that way.
  for (const message of waiting.toSorted((a, b) => Number(a.id) - Number(b.id))) {
    await applyMessage(sql, orderId, message);
  }
}

/**
 * Retries messages that have no order yet, oldest first.
 *
 * @param after start after the message with this id.
 * @param most the largest number of messages to retry.
 * @returns `found`: how many found their order; `last`: the id to continue after, null at the end.
 */
export async function retryMessages(
  database: Database,
  after: string,
  most: number,
): Promise<{ readonly found: number; readonly last: string | null }> {
  const rows = await database<UnmatchedMessage[]>`
    SELECT id, pharmacy_id, webhook_id, type, reference, pharmacy_order_id, shipment FROM inbox
    WHERE order_id IS NULL AND id > ${after} ORDER BY id LIMIT ${most}`;
  let found = 0;
  for (const row of rows) if (await retryMessage(database, row)) found += 1;
  return { found, last: rows.length < most ? null : (rows.at(-1)?.id ?? null) };
}

async function retryMessage(database: Database, row: UnmatchedMessage): Promise<boolean> {
  return await inTransaction(database, async (sql) => {
    const orderId = await findOrder(sql, row);
    if (orderId === undefined) return false;
    const linked = await sql`
      UPDATE inbox SET order_id = ${orderId}, shipment = NULL
      WHERE id = ${row.id} AND order_id IS NULL`;
    if (linked.count === 0) return false;
    await applyMessage(sql, orderId, row);
    return true;
  });
}

/** Applies a stored message. Call it in the transaction that links the message to its order. */
export async function applyMessage(
  sql: Sql,
  orderId: string,
  message: WaitingMessage,
): Promise<void> {
  const { type, shipment: sealed } = message;
  const opened = await sql.keys.open(contextOf(message), sealed);
  const shipment = opened === null ? undefined : (JSON.parse(opened) as Shipment);
  await applyToOrder(sql, orderId, { type, ...(shipment === undefined ? {} : { shipment }) });
}

/** Encrypts a shipment with the deployment's key, because its organization is not known yet. */
async function sealShipment(
  sql: Sql,
  message: Pick<PharmacyMessage, 'webhookId' | 'shipment'> & { readonly pharmacyId: string },
): Promise<string | null> {
  if (message.shipment === undefined) return null;
  return await sql.keys.seal(null, contextOf(message), JSON.stringify(message.shipment));
}

function contextOf(message: { readonly pharmacyId: string; readonly webhookId: string }): string {
  return `inbox/${message.pharmacyId}/${message.webhookId}/shipment`;
}

/** A stored message that has no order yet. */
export interface UnmatchedMessage extends WaitingMessage {
  readonly reference: string | null;
  readonly pharmacyOrderId: string | null;
}

interface WaitingMessage extends Pick<PharmacyMessage, 'type' | 'webhookId'> {
  readonly id: string;
  readonly pharmacyId: string;
  /** Encrypted. */
  readonly shipment: string | null;
}

/** Finds the order that a message names, among the pharmacy's own orders only. */
async function findOrder(
  sql: Sql,
  { pharmacyId, reference, pharmacyOrderId }: UnmatchedMessage,
): Promise<string | undefined> {
  const [row] = (await referencedOrder(sql, pharmacyId, reference)) ?? [];
  return row?.id ?? (await findByPharmacyOrderId(sql, pharmacyId, pharmacyOrderId));
}

/** The query for the order that a message names by our id; undefined if it names none. */
function referencedOrder(sql: Sql, pharmacyId: string, reference: string | null | undefined) {
  if (typeof reference !== 'string' || !isUuid(reference)) return undefined;
  return sql<{ id: string }[]>`
    SELECT id FROM orders WHERE id = ${reference} AND pharmacy_id = ${pharmacyId}`;
}

/** Finds the order that a message names by the pharmacy's id. */
async function findByPharmacyOrderId(
  sql: Sql,
  pharmacyId: string,
  pharmacyOrderId: string | null | undefined,
): Promise<string | undefined> {
  if (typeof pharmacyOrderId !== 'string') return undefined;
  await lockPharmacyOrder(sql, pharmacyId, pharmacyOrderId);
  const [row] = await sql<{ id: string }[]>`
    SELECT id FROM orders
    WHERE pharmacy_id = ${pharmacyId} AND pharmacy_order_id = ${pharmacyOrderId}`;
  return row?.id;
}

/**
 * Whether messages wait for an order whose pharmacy order id was recorded. Call it after the commit of a
 * statement that recorded the id under the lock of pharmacy-order-lock.ts: a message that did not find the id is
 * stored by then.
 */
export async function hasWaitingMessages(
  sql: Sql,
  pharmacyId: string,
  pharmacyOrderId: string,
): Promise<boolean> {
  const found = await sql`
    SELECT FROM inbox
    WHERE pharmacy_id = ${pharmacyId} AND pharmacy_order_id = ${pharmacyOrderId}
      AND order_id IS NULL
    LIMIT 1`;
  return found.length > 0;
}
