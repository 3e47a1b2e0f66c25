import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { PharmacyMessage } from '../orders/pharmacy-message.ts';
import { fieldOf, id, optionalText } from './answer-fields.ts';
import { statusOf } from './carevalidate-answers.ts';
import { toPharmacyOrderId } from './carevalidate-ids.ts';
import { jsonOf, type RawWebhook, type Unreadable } from './webhook-auth.ts';

const event = z.object({ event: z.string().min(1) });

/** The message of an event that we know. It must name its order. */
const orderEvent = z.object({
  order: z.object({ id, status: optionalText(64), trackingId: optionalText(255) }),
  payload: z.object({ case: z.object({ id }) }),
});

const trackingEvent = z.object({ order: z.object({ trackingId: id }) });

const ORDER_EVENTS = ['ORDER_CREATED', 'ORDER_STATUS_CHANGED', 'ORDER_TRACKING_ADDED'];

/**
 * Reads an authentic case webhook of a server with the original order endpoint (docs/webhooks.md). An
 * event that is not about an order becomes `other`.
 *
 * @returns the message, or the field that cannot be read.
 */
export function parseCareValidateMessage({ body }: RawWebhook): PharmacyMessage | Unreadable {
  const json = jsonOf({ body });
  const named = event.safeParse(json);
  if (!named.success) return { unreadable: fieldOf(named.error) };
  // The signature covers the body only, so an id in a header could be forged.
  const webhookId = createHash('sha256').update(body).digest('hex');
  const read = orderEvent.safeParse(json);
  if (!read.success) {
    const isOrderEvent = ORDER_EVENTS.includes(named.data.event);
    return isOrderEvent ? { unreadable: fieldOf(read.error) } : { webhookId, type: 'other' };
  }
  const { order, payload } = read.data;
  if (named.data.event === 'ORDER_TRACKING_ADDED') {
    const tracking = trackingEvent.safeParse(json);
    if (!tracking.success) return { unreadable: fieldOf(tracking.error) };
  }
  return {
    webhookId,
    type: typeOf(named.data.event, order.status),
    pharmacyOrderId: toPharmacyOrderId({ caseId: payload.case.id, orderId: order.id }),
    ...(order.trackingId === undefined ? {} : { shipment: { trackingId: order.trackingId } }),
  };
}

function typeOf(eventName: string, status: string | undefined): PharmacyMessage['type'] {
  if (eventName === 'ORDER_TRACKING_ADDED') return 'tracking_added';
  if (eventName !== 'ORDER_STATUS_CHANGED') return 'other';
  const there = statusOf(status);
  return there === 'accepted' || there === 'in_progress' ? 'other' : there;
}
