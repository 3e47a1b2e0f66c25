import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { PharmacyMessage } from '../orders/pharmacy-message.ts';
import { fieldOf, id, shipment } from './answer-fields.ts';
import { jsonOf, type RawWebhook, type Unreadable } from './webhook-auth.ts';

const event = z.object({ type: z.string().min(1) });

/** The message of a type that we know. It must name its order. */
const orderEvent = z.object({
  data: z
    .object({ id: id.nullish(), reference: id.nullish() })
    .refine((data) => typeof (data.id ?? data.reference) === 'string', { path: ['reference'] }),
});

/** A message of another type is kept with the ids that it has. */
const otherEvent = z.object({
  data: z
    .object({ id: id.optional().catch(undefined), reference: id.optional().catch(undefined) })
    .catch({}),
});

/** A message about a parcel must name the parcel. */
const trackingEvent = z.object({ data: z.object({ trackingId: id }) });

/** A Map, because the type is the pharmacy's text and an object has inherited keys (`constructor`). */
const TYPES: ReadonlyMap<string, PharmacyMessage['type']> = new Map([
  ['order.completed', 'completed'],
  ['order.rejected', 'rejected'],
  ['order.cancelled', 'cancelled'],
  ['order.canceled', 'cancelled'],
  ['order.tracking_added', 'tracking_added'],
]);

/**
 * Reads an authentic webhook of a `rest` pharmacy (docs/pharmacy-protocol.md, "Webhooks"). A message of
 * an unknown type becomes `other`.
 *
 * @returns the message, or the field that cannot be read.
 */
export function parseRestMessage({ headers, body }: RawWebhook): PharmacyMessage | Unreadable {
  const json = jsonOf({ body });
  const named = event.safeParse(json);
  if (!named.success) return { unreadable: fieldOf(named.error) };
  const sentId = headers['webhook-id'];
  const type = TYPES.get(named.data.type) ?? 'other';
  const message = {
    // Only Standard Webhooks guarantees an id. Without one, equal bodies count as the same message.
    webhookId: typeof sentId === 'string' && sentId !== '' ? bounded(sentId) : sha256(body),
    type,
  };
  if (type === 'other') return { ...message, ...idsOf(otherEvent.parse(json).data) };
  const read = orderEvent.safeParse(json);
  if (!read.success) return { unreadable: fieldOf(read.error) };
  if (type === 'tracking_added') {
    const tracking = trackingEvent.safeParse(json);
    if (!tracking.success) return { unreadable: fieldOf(tracking.error) };
  }
  // A message of any type may name the parcel.
  const parcel = shipment.safeParse((json as { data: unknown }).data).data;
  return {
    ...message,
    ...idsOf(read.data.data),
    ...(parcel === undefined ? {} : { shipment: parcel }),
  };
}

function idsOf({
  id: pharmacyOrderId,
  reference,
}: Ids): Pick<PharmacyMessage, 'reference' | 'pharmacyOrderId'> {
  return { ...(reference ? { reference } : {}), ...(pharmacyOrderId ? { pharmacyOrderId } : {}) };
}

interface Ids {
  readonly id?: string | null | undefined;
  readonly reference?: string | null | undefined;
}

/** Shortens an id for the unique index; a hash keeps long ids with equal beginnings apart. */
function bounded(sentId: string): string {
  return sentId.length <= 255 ? sentId : sha256(sentId);
}

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}
