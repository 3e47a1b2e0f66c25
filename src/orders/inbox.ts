import { type AuditSource, auditRow } from '../audit/record-audit.ts';
import { isUuid } from '../lib/uuid.ts';
import type { Database, Sql } from '../storage/database.ts';
import { forPharmacy } from '../storage/row-level-security.ts';
import { inTransaction } from '../storage/transaction.ts';
import { applyToOrder, type PharmacyMessage, type Shipment } from './pharmacy-message.ts';

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
    const orderId = await findOrder(tx, pharmacyId, message);
    // A message without an order keeps its shipment; otherwise the shipment goes to the order.
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
    if (orderId !== undefined) await applyToOrder(tx, orderId, message);
    return 'stored';
  });
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
 * Serializes the storing of a message and the recording of the pharmacy order id that it names.
 * Without the lock, two concurrent transactions would not see each other's row, and the message would
 * never be applied. Released at the end of the transaction.
 */
export async function lockPharmacyOrder(
  sql: Sql,
  pharmacyId: string,
  pharmacyOrderId: string,
): Promise<void> {
  await sql`
    SELECT pg_advisory_xact_lock(hashtextextended(${`${pharmacyId}/${pharmacyOrderId}`}, 0))`;
}
