import type { Sql } from '../storage/database.ts';
import { followLateMessage } from './late-news.ts';
import { readOrderDataKey } from './order-data-key.ts';
import { ENDS } from './status.ts';

/** What a pharmacy can report about an order, independent of its webhook's format. */
export interface PharmacyMessage {
  /** Identifies the message across all of the pharmacy's delivery attempts. */
  readonly webhookId: string;
  readonly type: 'completed' | 'rejected' | 'cancelled' | 'tracking_added' | 'other';
  /** Our order id, as we gave it to the pharmacy. */
  readonly reference?: string;
  readonly pharmacyOrderId?: string;
  readonly shipment?: Shipment;
}

/** A parcel of an order, as the pharmacy reports it. */
export interface Shipment {
  readonly trackingId: string;
  readonly carrier?: string;
  readonly trackingUrl?: string;
}

/**
 * Applies a message to its order: adds the shipment, and signals the workflow or, after the order has
 * ended, follows it up. Call it in the
 * transaction that links the message to the order.
 */
export async function applyToOrder(
  sql: Sql,
  orderId: string,
  message: Pick<PharmacyMessage, 'type' | 'shipment'>,
): Promise<void> {
  const { type, shipment } = message;
  if (shipment !== undefined) await addShipment(sql, orderId, shipment);
  await followLateMessage(sql, orderId, type);
  if (type === 'completed' || type === 'rejected' || type === 'cancelled') {
    await hintCompletion(sql, orderId, type);
  }
}

/**
 * Queues the signal `orderCompleted`. The signal is a hint: the workflow reads the order at the
 * pharmacy itself. One hint of each type is enough, so that a thousand messages of one type add one
 * signal to the history. An order that has ended needs none.
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
 * After a wrong hint, lets the pharmacy's next message of each type be a hint again. This happens once
 * per order, so that a pharmacy that keeps sending wrong messages cannot grow the history.
 *
 * @returns whether hints were reset. The caller then reads the order again, because a message that
 *   came before the reset was not signalled.
 */
export async function expectAnotherHint(sql: Sql, orderId: string): Promise<boolean> {
  const changed = await sql`
    UPDATE orders SET completion_hints = '{}', hinted_wrongly = true
    WHERE id = ${orderId} AND NOT hinted_wrongly AND completion_hints <> '{}'`;
  return changed.count > 0;
}

/** The largest number of shipments of an order. */
const MOST_SHIPMENTS = 100;

/**
 * Adds a shipment once, encrypted; its timeline row makes an event (see change-status.ts). A carrier or
 * a link that arrives later is added to the shipment. Does nothing if the order has
 * {@link MOST_SHIPMENTS} others: each read or message of a pharmacy may name another one.
 */
export async function addShipment(
  sql: Sql,
  orderId: string,
  { trackingId, carrier, trackingUrl }: Shipment,
): Promise<void> {
  const key = await readOrderDataKey(sql, orderId);
  if (key === undefined) return; // the order was erased
  const sealed = (field: string, text: string | undefined) =>
    text === undefined ? null : key.seal(field, text);
  const hash = key.hash('trackingId', trackingId);
  await sql`
    WITH stored AS (
      INSERT INTO shipments (order_id, tracking_hash, tracking_id, carrier, tracking_url)
      SELECT ${orderId}, ${hash}, ${key.seal('trackingId', trackingId)},
        ${sealed('carrier', carrier)}, ${sealed('trackingUrl', trackingUrl)}
      WHERE (
        SELECT count(*) FROM shipments WHERE order_id = ${orderId} AND tracking_hash <> ${hash}
      ) < ${MOST_SHIPMENTS}
      ON CONFLICT (order_id, tracking_hash) DO UPDATE SET
        carrier = coalesce(shipments.carrier, excluded.carrier),
        tracking_url = coalesce(shipments.tracking_url, excluded.tracking_url)
        WHERE shipments.carrier IS NULL AND excluded.carrier IS NOT NULL
          OR shipments.tracking_url IS NULL AND excluded.tracking_url IS NOT NULL
      RETURNING order_id, xmax = 0 AS is_new
    ), touched AS (
      UPDATE orders SET updated_at = now() FROM stored WHERE orders.id = stored.order_id
    )
    INSERT INTO order_activity (order_id, actor, event)
    SELECT order_id, 'pharmacy', CASE WHEN is_new THEN 'TRACKING_ADDED' ELSE 'TRACKING_COMPLETED' END
    FROM stored`;
}
