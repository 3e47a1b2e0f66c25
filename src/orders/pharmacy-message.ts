import type { OrderStatus } from '../contract/order.ts';
import type { Sql } from '../storage/database.ts';
import { notifyAtCommit } from './dispatcher-notifier.ts';
import { followLateMessage } from './late-news.ts';
import { readOrderDataKey } from './order-data-key.ts';
import { ENDS, isEnd } from './status.ts';

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
 * Applies a message to its order: passes it on to the workflow, adds the shipment and, after the order has
 * ended, follows the message up. Call it in the transaction that links the message to the order.
 */
export async function applyToOrder(
  sql: Sql,
  orderId: string,
  message: Pick<PharmacyMessage, 'type' | 'shipment'>,
): Promise<void> {
  const [order] = await sql<{ status: OrderStatus }[]>`
    WITH linked (order_id) AS (SELECT ${orderId}::uuid), ${passOn(sql, message.type)}
    SELECT status FROM present`;
  await followUp(sql, { id: orderId, status: order?.status }, message);
}

/** The messages that the workflow gets as a signal. */
const HINTS: readonly PharmacyMessage['type'][] = ['completed', 'rejected', 'cancelled'];

/**
 * The common table expressions that count a message on its order and queue the signal `orderCompleted`. The
 * statement needs a CTE `linked` before them, with the `order_id` of one message. `present` has the order's status.
 *
 * The signal is a hint: the workflow reads the order at the pharmacy itself. One hint of each type is enough, so
 * that a thousand messages of one type add one signal to the history. An order that has ended needs none.
 */
export function passOn(sql: Sql, type: PharmacyMessage['type']) {
  return sql`
    present AS (
      SELECT id, status, ${HINTS.includes(type)} AND ${type}::text <> ALL(completion_hints) AS is_first
      FROM orders WHERE id = (SELECT order_id FROM linked) FOR NO KEY UPDATE
    ), counted AS (
      UPDATE orders SET message_count = message_count + 1,
        completion_hints = CASE WHEN is_first THEN array_append(completion_hints, ${type}::text)
          ELSE completion_hints END
      FROM present WHERE orders.id = present.id
    ), noted AS (
      INSERT INTO order_activity (order_id, actor, event, detail)
      SELECT id, 'pharmacy', 'PHARMACY_MESSAGE', ${sql.json({ type })} FROM present WHERE is_first
    ), queued AS (
      INSERT INTO outbox (order_id, kind)
      SELECT id, 'completion' FROM present WHERE is_first AND status <> ALL(${ENDS})
      RETURNING ${notifyAtCommit(sql)}
    )`;
}

/** Adds the shipment of a message to its order, and follows the message up if the order has ended. */
export async function followUp(
  sql: Sql,
  order: { readonly id: string; readonly status: OrderStatus | undefined },
  { type, shipment }: Pick<PharmacyMessage, 'type' | 'shipment'>,
): Promise<void> {
  if (shipment !== undefined) await addShipment(sql, order.id, shipment);
  if (order.status !== undefined && isEnd(order.status)) {
    await followLateMessage(sql, order.id, type);
  }
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
      INSERT INTO shipments (order_id, tracking_hash, search_hash, tracking_id, carrier, tracking_url)
      SELECT ${orderId}, ${hash}, ${sql.keys.trackingHash(trackingId)}, ${key.seal('trackingId', trackingId)},
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
