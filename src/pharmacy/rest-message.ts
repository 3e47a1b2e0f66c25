import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { PharmacyMessage } from '../orders/pharmacy-message.ts';
import type { RawWebhook } from './webhook-auth.ts';

const text = z.string().min(1).max(255).optional().catch(undefined);

const messageSchema = z.object({
  type: z.string(),
  data: z
    .object({
      id: text,
      reference: text,
      trackingId: text,
      carrier: text,
      trackingUrl: z
        .url({ protocol: /^https?$/ })
        .max(2_000)
        .optional()
        .catch(undefined),
    })
    .catch({}),
});

/** A Map, because the type is the pharmacy's text and an object has inherited keys (`constructor`). */
const TYPES: ReadonlyMap<string, PharmacyMessage['type']> = new Map([
  ['order.completed', 'completed'],
  ['order.rejected', 'rejected'],
  ['order.cancelled', 'cancelled'],
  ['order.tracking_added', 'tracking_added'],
]);

/**
 * Reads an authentic webhook of a `rest` pharmacy (pharmacy contract, "What a pharmacy offers"). An
 * unknown type becomes `other`; a text that Postgres cannot store is left out.
 *
 * @returns undefined if the body is not such a message.
 */
export function parseRestMessage({ headers, body }: RawWebhook): PharmacyMessage | undefined {
  const parsed = messageSchema.safeParse(parseJson(body));
  if (!parsed.success) return undefined;
  const { type, data } = parsed.data;
  const { id, reference, trackingId, carrier, trackingUrl } = storable(data);
  const sentId = headers['webhook-id'];
  return {
    // Only Standard Webhooks guarantees an id. Without one, equal bodies count as the same message.
    webhookId: typeof sentId === 'string' && sentId !== '' ? bounded(sentId) : sha256(body),
    type: TYPES.get(type) ?? 'other',
    ...(reference === undefined ? {} : { reference }),
    ...(id === undefined ? {} : { pharmacyOrderId: id }),
    ...(trackingId === undefined
      ? {}
      : {
          shipment: {
            trackingId,
            ...(carrier === undefined ? {} : { carrier }),
            ...(trackingUrl === undefined ? {} : { trackingUrl }),
          },
        }),
  };
}

/** Shortens an id for the unique index; a hash keeps long ids with equal beginnings apart. */
function bounded(id: string): string {
  return id.length <= 255 ? id : sha256(id);
}

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Leaves out texts that Postgres refuses: NUL in any column, a lone surrogate in `jsonb`. */
function storable<T extends Record<string, string | undefined>>(fields: T): Partial<T> {
  const refused = /[\0\p{Surrogate}]/u;
  const kept = Object.entries(fields).filter(([, value]) => !refused.test(value ?? ''));
  return Object.fromEntries(kept) as Partial<T>;
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
