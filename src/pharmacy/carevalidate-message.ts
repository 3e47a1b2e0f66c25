import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { PharmacyMessage } from '../orders/pharmacy-message.ts';
import { toPharmacyOrderId } from './carevalidate-ids.ts';
import type { RawWebhook } from './webhook-auth.ts';

/** Postgres stores neither NUL nor a lone surrogate. */
const id = z.string().regex(/^[^\0\p{Surrogate}]{1,255}$/u);

const messageSchema = z.object({
  event: z.string(),
  order: z.object({
    id,
    status: z.string().optional().catch(undefined),
    trackingId: id.optional().catch(undefined),
  }),
  payload: z.object({ case: z.object({ id }) }),
});

const ENDS: ReadonlyMap<string, PharmacyMessage['type']> = new Map([
  ['COMPLETED', 'completed'],
  ['REJECTED', 'rejected'],
  ['EXPIRED', 'rejected'],
  ['CANCELLED', 'cancelled'],
]);

/**
 * Reads an authentic case webhook of a server with the original order endpoint (HTTP API,
 * "Notifications to the organization").
 *
 * @returns undefined if the body is not such a message.
 */
export function parseCareValidateMessage({ body }: RawWebhook): PharmacyMessage | undefined {
  const parsed = messageSchema.safeParse(parseJson(body));
  if (!parsed.success) return undefined;
  const { event, order, payload } = parsed.data;
  return {
    // The signature covers the body only, so an id in a header could be forged.
    webhookId: createHash('sha256').update(body).digest('hex'),
    type: typeOf(event, order),
    pharmacyOrderId: toPharmacyOrderId({ caseId: payload.case.id, orderId: order.id }),
    ...(order.trackingId === undefined ? {} : { shipment: { trackingId: order.trackingId } }),
  };
}

function typeOf(
  event: string,
  { status, trackingId }: { status?: string | undefined; trackingId?: string | undefined },
): PharmacyMessage['type'] {
  if (event === 'ORDER_TRACKING_ADDED')
    return trackingId === undefined ? 'other' : 'tracking_added';
  if (event !== 'ORDER_STATUS_CHANGED') return 'other';
  return ENDS.get(status ?? '') ?? 'other';
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
