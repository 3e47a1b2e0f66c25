import type { SubjectKey } from '../../keys/subject-key.ts';
import { readOrderDataKeys } from '../../orders/order-data-key.ts';
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
 * is left out.
 */
export async function openEvents<E extends StoredEvent>(
  sql: Sql,
  events: readonly E[],
): Promise<E[]> {
  const orderIds = new Set(events.flatMap(({ content }) => ordersOf(content)));
  const keys = orderIds.size === 0 ? new Map() : await readOrderDataKeys(sql, [...orderIds]);
  return events.map((event) => ({ ...event, content: openContent(event.content, keys) }));
}

function ordersOf(content: EventContent): string[] {
  if ('endpoint' in content) return [];
  const { order, orders = [], attachments = [] } = content;
  return [order.id, ...orders.map(({ id }) => id), ...attachments.map(({ orderId }) => orderId)];
}

type OrderKeys = ReadonlyMap<string, SubjectKey>;

function openContent(content: EventContent, keys: OrderKeys): EventContent {
  if ('endpoint' in content) return content;
  const { order, trackingId, attachment, orders, attachments } = content;
  const opened: OrderEventContent = {
    ...content,
    order: openOrder(order, keys),
    ...(trackingId === undefined
      ? {}
      : { trackingId: keys.get(order.id)?.open('trackingId', trackingId) ?? '' }),
    ...(attachment === undefined ? {} : { attachment: openAttachment(attachment, keys) }),
    ...(orders === undefined ? {} : { orders: orders.map((each) => openOrder(each, keys)) }),
    ...(attachments === undefined
      ? {}
      : { attachments: attachments.map((each) => openAttachment(each, keys)) }),
  };
  return opened;
}

function openOrder(order: StoredOrder, keys: OrderKeys): StoredOrder {
  return { ...order, reason: keys.get(order.id)?.open('reason', order.reason) ?? null };
}

function openAttachment(attachment: StoredAttachment, keys: OrderKeys): StoredAttachment {
  const key = keys.get(attachment.orderId);
  const { id, fileName } = attachment;
  return { ...attachment, fileName: key ? openDocumentName(key, id, fileName) : ERASED, key };
}
