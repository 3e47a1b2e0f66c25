import { type AuditSource, auditRow } from '../audit/record-audit.ts';
import { isUuid } from '../lib/uuid.ts';
import type { Database, Sql } from '../storage/database.ts';
import { forPharmacy } from '../storage/scope.ts';
import { inTransaction } from '../storage/transaction.ts';
import { reopenByLateAnswer } from './late-answer.ts';
import { readOrderKey } from './order-keys.ts';
import { ENDS } from './status.ts';

/** What a pharmacy can tell of an order, whatever its webhook's own format. */
export interface PharmacyMessage {
  /** Unique to the message over all of the pharmacy's attempts to deliver it. */
  readonly webhookId: string;
  readonly type: 'completed' | 'rejected' | 'cancelled' | 'tracking_added' | 'other';
  /** Our order id, as we gave it to the pharmacy. */
  readonly reference?: string;
  readonly pharmacyOrderId?: string;
  readonly shipment?: Shipment;
}

/** A parcel of an order, as the pharmacy names it. */
export interface Shipment {
  readonly trackingId: string;
  readonly carrier?: string;
  readonly trackingUrl?: string;
}

/**
 * Takes in one message of a pharmacy: stores it, and does in the same transaction what it asks for.
 * A message that was taken in before does nothing. One whose order is not known is kept, and
 * applied by {@link applyWaitingMessages} when the order's pharmacy id is.
 *
 * @param by who brought it, for the audit log: its row is stored with the message.
 */
export async function receiveMessage(
  sql: Database,
  pharmacyId: string,
  message: PharmacyMessage,
  by: AuditSource,
): Promise<'stored' | 'duplicate'> {
  return await forPharmacy(sql, pharmacyId, async (tx) => {
    const orderId = await findOrder(tx, pharmacyId, message);
    // Kept until the order is known, and then with the order.
    const shipment =
      orderId === undefined ? await sealShipment(tx, { ...message, pharmacyId }) : null;
    const entry = { ...by, action: 'PHARMACY_MESSAGE_STORED', orderId, result: 'OK' };
    const inserted = await tx`
      WITH stored AS (
        INSERT INTO inbox (
          pharmacy_id, webhook_id, type, reference, pharmacy_order_id, shipment, order_id)
        VALUES (${pharmacyId}, ${message.webhookId}, ${message.type}, ${message.reference ?? null},
          ${message.pharmacyOrderId ?? null}, ${shipment}, ${orderId ?? null})
        ON CONFLICT (pharmacy_id, webhook_id) DO NOTHING
        RETURNING id
      ), recorded AS (${auditRow(tx, entry)} FROM stored)
      SELECT FROM stored`;
    if (inserted.length === 0) return 'duplicate';
    if (orderId !== undefined) await apply(tx, orderId, message);
    return 'stored';
  });
}

/**
 * Applies the messages that named an order only by the pharmacy's id and came before we knew that
 * id. Called in the transaction that records it.
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
  // The timeline tells them in the order in which they came.
  for (const message of waiting.toSorted((a, b) => Number(a.id) - Number(b.id))) {
    await applyMessage(sql, orderId, message);
  }
}

/**
 * Tries messages again that have found no order yet, the oldest first.
 *
 * @param after goes on behind the message of this id.
 * @param most how many at most.
 * @returns how many found their order, and where to go on; null when there were no more.
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
    const { reference, pharmacyOrderId } = row;
    const orderId = await findOrder(sql, row.pharmacyId, {
      ...(reference === null ? {} : { reference }),
      ...(pharmacyOrderId === null ? {} : { pharmacyOrderId }),
    });
    if (orderId === undefined) return false;
    const linked = await sql`
      UPDATE inbox SET order_id = ${orderId}, shipment = NULL
      WHERE id = ${row.id} AND order_id IS NULL`;
    if (linked.count === 0) return false;
    await applyMessage(sql, orderId, row);
    return true;
  });
}

/** Does what a stored message asks for, in the transaction that gives it its order. */
export async function applyMessage(
  sql: Sql,
  orderId: string,
  message: WaitingMessage,
): Promise<void> {
  const { type, shipment: sealed } = message;
  const opened = await sql.keys.open(contextOf(message), sealed);
  const shipment = opened === null ? undefined : (JSON.parse(opened) as Shipment);
  await apply(sql, orderId, { type, ...(shipment === undefined ? {} : { shipment }) });
}

/** Under the deployment's key, as nobody knows yet whose it is. */
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

/** A stored message that has found no order. */
export interface UnmatchedMessage extends WaitingMessage {
  readonly reference: string | null;
  readonly pharmacyOrderId: string | null;
}

interface WaitingMessage extends Pick<PharmacyMessage, 'type' | 'webhookId'> {
  readonly id: string;
  readonly pharmacyId: string;
  /** Sealed. */
  readonly shipment: string | null;
}

/** The order that a message speaks of; a pharmacy can only speak of orders of its own. */
async function findOrder(
  sql: Sql,
  pharmacyId: string,
  { reference, pharmacyOrderId }: Pick<PharmacyMessage, 'reference' | 'pharmacyOrderId'>,
): Promise<string | undefined> {
  if (reference !== undefined && isUuid(reference)) {
    const [row] = await sql<{ id: string }[]>`
      SELECT id FROM orders WHERE id = ${reference} AND pharmacy_id = ${pharmacyId}`;
    if (row !== undefined) return row.id;
  }
  if (pharmacyOrderId === undefined) return undefined;
  await lockPharmacyOrder(sql, pharmacyId, pharmacyOrderId);
  const [row] = await sql<{ id: string }[]>`
    SELECT id FROM orders
    WHERE pharmacy_id = ${pharmacyId} AND pharmacy_order_id = ${pharmacyOrderId}`;
  return row?.id;
}

/**
 * Keeps a message and the recording of the id that it names from missing each other: without the
 * lock, two transactions at once would each not see the other's row.
 */
export async function lockPharmacyOrder(
  sql: Sql,
  pharmacyId: string,
  pharmacyOrderId: string,
): Promise<void> {
  await sql`
    SELECT pg_advisory_xact_lock(hashtextextended(${`${pharmacyId}/${pharmacyOrderId}`}, 0))`;
}

async function apply(
  sql: Sql,
  orderId: string,
  message: Pick<PharmacyMessage, 'type' | 'shipment'>,
): Promise<void> {
  await reopenByLateAnswer(sql, orderId, message.type);
  switch (message.type) {
    case 'completed':
    case 'rejected':
    case 'cancelled':
      return await hintCompletion(sql, orderId, message.type);
    case 'tracking_added':
      if (message.shipment !== undefined) await addShipment(sql, orderId, message.shipment);
      return;
    case 'other':
      return;
  }
}

/**
 * Lets the workflow know that the pharmacy is done with the order. It is a hint: the workflow
 * reads the order there itself. One hint of each kind is enough, so a thousand messages of one
 * kind add one signal to the history; and an order that has ended needs none.
 */
async function hintCompletion(
  sql: Sql,
  orderId: string,
  type: PharmacyMessage['type'],
): Promise<void> {
  await sql`
    WITH first AS (
      UPDATE orders SET completion_hints = array_append(completion_hints, ${type})
      WHERE id = ${orderId} AND ${type} <> ALL(completion_hints)
      RETURNING id, status
    ), noted AS (
      INSERT INTO order_activity (order_id, actor, event, detail)
      SELECT id, 'pharmacy', 'PHARMACY_MESSAGE', ${sql.json({ type })} FROM first
    )
    INSERT INTO outbox (order_id, kind)
    SELECT id, 'completion' FROM first WHERE status <> ALL(${ENDS})`;
}

/**
 * After a hint that was wrong, lets the pharmacy's next message of that kind be a hint again; once,
 * so that a pharmacy that goes on telling what is not so cannot grow the history.
 *
 * @returns whether it did: a message that came in between has to be made up for by another look.
 */
export async function expectAnotherHint(sql: Sql, orderId: string): Promise<boolean> {
  const changed = await sql`
    UPDATE orders SET completion_hints = '{}', hinted_wrongly = true
    WHERE id = ${orderId} AND NOT hinted_wrongly AND completion_hints <> '{}'`;
  return changed.count > 0;
}

async function addShipment(
  sql: Sql,
  orderId: string,
  { trackingId, carrier, trackingUrl }: Shipment,
): Promise<void> {
  const key = await readOrderKey(sql, orderId);
  if (key === undefined) return; // erased
  const sealed = (field: string, text: string | undefined) =>
    text === undefined ? null : key.seal(field, text);
  await sql`
    WITH added AS (
      INSERT INTO shipments (order_id, tracking_hash, tracking_id, carrier, tracking_url)
      VALUES (${orderId}, ${key.hash('trackingId', trackingId)}, ${key.seal('trackingId', trackingId)},
        ${sealed('carrier', carrier)}, ${sealed('trackingUrl', trackingUrl)})
      ON CONFLICT (order_id, tracking_hash) DO NOTHING
      RETURNING order_id
    ), touched AS (
      UPDATE orders SET updated_at = now() FROM added WHERE orders.id = added.order_id
    )
    INSERT INTO order_activity (order_id, actor, event)
    SELECT order_id, 'pharmacy', 'TRACKING_ADDED' FROM added`;
}
