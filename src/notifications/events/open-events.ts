import { type OrderReader, openOrderReaders } from '../../orders/order-data-key.ts';
import { openDocumentName } from '../../orders/read-order.ts';
import type { Sql } from '../../storage/database.ts';
import type {
  EventContent,
  OrderEventContent,
  StoredAttachment,
  StoredEvent,
  StoredOrder,
} from './stored-event.ts';

/** Replaces the name of a document whose order was erased. */
const ERASED = 'erased';

/**
 * Decrypts the patient data in events: reasons, tracking ids and names of documents. Data of erased orders
 * and fields with a broken seal are left out.
 */
export async function openEvents<E extends StoredEvent>(
  sql: Sql,
  events: readonly E[],
): Promise<E[]> {
  const orderIds = new Set(events.flatMap(({ content }) => ordersOf(content)));
  const readers = orderIds.size === 0 ? new Map() : await openOrderReaders(sql, [...orderIds]);
  return events.map((event) => ({ ...event, content: openContent(event.content, readers) }));
}

/** The orders whose keys an event needs. Most events have no encrypted field. */
function ordersOf(content: EventContent): string[] {
  if ('endpoint' in content) return [];
  const { order, trackingId, attachment, orders = [], attachments = [] } = content;
  const withReason = [order, ...orders].filter(({ reason }) => reason !== null);
  const all = attachment === undefined ? attachments : [attachment, ...attachments];
  return [
    ...(trackingId === undefined ? [] : [order.id]),
    ...withReason.map(({ id }) => id),
    ...all.map(({ orderId }) => orderId),
  ];
}

type OrderReaders = ReadonlyMap<string, OrderReader>;

function openContent(content: EventContent, readers: OrderReaders): EventContent {
  if ('endpoint' in content) return content;
  const { order, trackingId, attachment, orders, attachments } = content;
  const opened: OrderEventContent = {
    ...content,
    order: openOrder(order, readers),
    ...(trackingId === undefined
      ? {}
      : { trackingId: readers.get(order.id)?.open('trackingId', trackingId) ?? '' }),
    ...(attachment === undefined ? {} : { attachment: openAttachment(attachment, readers) }),
    ...(orders === undefined ? {} : { orders: orders.map((each) => openOrder(each, readers)) }),
    ...(attachments === undefined
      ? {}
      : { attachments: attachments.map((each) => openAttachment(each, readers)) }),
  };
  return opened;
}

function openOrder(order: StoredOrder, readers: OrderReaders): StoredOrder {
  return { ...order, reason: readers.get(order.id)?.open('reason', order.reason) ?? null };
}

function openAttachment(attachment: StoredAttachment, readers: OrderReaders): StoredAttachment {
  const reader = readers.get(attachment.orderId);
  const { id, fileName } = attachment;
  if (reader === undefined || reader.isErased) {
    return { ...attachment, fileName: ERASED, key: undefined };
  }
  return { ...attachment, fileName: openDocumentName(reader, id, fileName), key: reader.key };
}
