import type { CaseEvent, PingEvent } from '../../contract/case-activity.ts';
import type { Sql } from '../../storage/database.ts';
import { type Rendering, renderEvent, renderPing } from '../events/render-event.ts';
import { openDelivery, readDelivery } from './delivery.ts';

/** A delivery's body for people. */
export interface ShownBody {
  /** The order that the event is about; null for a PING or an event about an endpoint. */
  readonly orderId: string | null;
  /** The parsed body. */
  readonly body: CaseEvent | PingEvent;
}

/**
 * Renders the body of a delivery again, as each attempt does. The bodies that were sent are not stored. This body has the
 * same bytes, except that a text stands for the bytes of each document or for the link to them: a link would let
 * everybody who sees it read the document.
 *
 * @throws {Error} there is no such delivery.
 */
export async function showBody(sql: Sql, deliveryId: string): Promise<ShownBody> {
  const { endpoint, event } = await openDelivery(sql, await readDelivery(sql, deliveryId));
  if (event === null) {
    return { orderId: null, body: JSON.parse(renderPing(endpoint.id)) as PingEvent };
  }
  const bytesOf: Rendering['bytesOf'] = async ({ size }) =>
    endpoint.documentFormat === 'url'
      ? { url: 'a link that works for 15 minutes' }
      : { content: `${size} bytes in base64, or a link to them` };
  const body = await renderEvent(event, { payloadMode: endpoint.payloadMode, bytesOf });
  return { orderId: 'order' in body ? body.order.id : null, body };
}
