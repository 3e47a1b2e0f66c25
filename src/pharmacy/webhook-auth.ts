import { isUtf8 } from 'node:buffer';
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import { parseExactJson } from '../lib/exact-json.ts';

const webhookAuthSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('standard-webhooks'), secret: z.string().min(1) }),
  z.object({ kind: z.literal('x-cv-signature'), secret: z.string().min(1) }),
  z.object({ kind: z.literal('basic'), username: z.string(), password: z.string().min(1) }),
  z.object({ kind: z.literal('bearer'), token: z.string().min(1) }),
  z.object({ kind: z.literal('none') }),
]);

/** How a pharmacy's webhooks are authenticated; `none` is a pharmacy that sends no webhooks. */
export type WebhookAuth = z.output<typeof webhookAuthSchema>;

/** The methods by which a pharmacy's webhooks are authenticated. */
export const WEBHOOK_AUTH_KINDS: readonly WebhookAuth['kind'][] = webhookAuthSchema.options.map(
  ({ shape }) => shape.kind.value,
);

/**
 * Makes the authentication of a kind. Check it with `webhookSecretFault`.
 *
 * @param secret the secret, password or token; `none` has no use for it.
 * @param username only `basic` has one.
 */
export function makeWebhookAuth(
  kind: WebhookAuth['kind'],
  { secret, username }: { readonly secret: string; readonly username: string },
): WebhookAuth {
  switch (kind) {
    case 'standard-webhooks':
    case 'x-cv-signature':
      return { kind, secret };
    case 'basic':
      return { kind, username, password: secret };
    case 'bearer':
      return { kind, token: secret };
    case 'none':
      return { kind };
  }
}

/** Parses the configured authentication. A malformed one becomes `none`, which accepts no webhook. */
export function parseWebhookAuth(value: unknown): WebhookAuth {
  const result = webhookAuthSchema.safeParse(value);
  return result.success ? result.data : { kind: 'none' };
}

/** A request as received: lower-case header names, a list for a repeated header, the raw body. */
export interface RawWebhook {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** The largest number of values in a webhook. */
const MOST_VALUES = 10_000;

/** Parses the body of a webhook; undefined if it is not JSON or has too many values. */
export function jsonOf({ body }: Pick<RawWebhook, 'body'>): unknown {
  try {
    return parseExactJson(body.toString('utf8'), MOST_VALUES);
  } catch {
    return undefined;
  }
}

/** A webhook that cannot be read, by the field at fault. */
export interface Unreadable {
  /** E.g. `data.trackingId`; `body` for a body that is not JSON. */
  readonly unreadable: string;
}

/**
 * Whether a webhook comes from the pharmacy.
 *
 * `standard-webhooks` checks the signature of the raw body and refuses a timestamp that is more than five
 * minutes off (standardwebhooks.com, specification, "Verifying webhook authenticity").
 * `x-cv-signature` is the hexadecimal HMAC-SHA256 of the raw body, keyed with the text of the secret. It
 * covers no timestamp, so an old message stays valid; the inbox recognizes it as a duplicate.
 */
export function isAuthentic(auth: WebhookAuth, { headers, body }: RawWebhook): boolean {
  switch (auth.kind) {
    case 'standard-webhooks':
      // The library verifies text. Only for valid UTF-8 does the text stand for exactly these bytes.
      if (!isUtf8(body)) return false;
      // The library would parse a leading number and ignore the rest of the header.
      if (!/^\d{1,12}$/.test(single(headers['webhook-timestamp']))) return false;
      try {
        new Webhook(auth.secret).verify(
          body.toString('utf8'),
          {
            'webhook-id': single(headers['webhook-id']),
            'webhook-timestamp': single(headers['webhook-timestamp']),
            'webhook-signature': single(headers['webhook-signature']),
          },
          { jsonParse: false },
        );
        return true;
      } catch {
        return false;
      }
    case 'x-cv-signature': {
      const expected = createHmac('sha256', auth.secret).update(body).digest('hex');
      return sameText(single(headers['x-cv-signature']), expected);
    }
    case 'basic': {
      const credentials = Buffer.from(`${auth.username}:${auth.password}`).toString('base64');
      return sameText(single(headers.authorization), `Basic ${credentials}`);
    }
    case 'bearer':
      return sameText(single(headers.authorization), `Bearer ${auth.token}`);
    case 'none':
      return false;
  }
}

/** Why a webhook is not authentic. */
export type WebhookRefusal =
  /** The pharmacy is set up without webhooks. */
  | 'NO_WEBHOOK_AUTH'
  /** It has no signature, or no credentials. */
  | 'SIGNATURE_MISSING'
  /** It was signed more than five minutes ago, or one of the clocks is wrong. */
  | 'TIMESTAMP_OFF'
  /** The secret is another one, or the body was changed. */
  | 'SIGNATURE_WRONG';

/** How far a timestamp may be off, in seconds (the library's limit). */
const TOLERANCE_S = 5 * 60;

/** Returns why a webhook is not authentic. Ask only for one that {@link isAuthentic} refuses; only operators see it. */
export function explainRefusal({ kind }: WebhookAuth, { headers }: RawWebhook): WebhookRefusal {
  if (kind === 'none') return 'NO_WEBHOOK_AUTH';
  if (single(headers[SIGNATURE_HEADERS[kind]]) === '') return 'SIGNATURE_MISSING';
  if (kind !== 'standard-webhooks') return 'SIGNATURE_WRONG';
  const timestamp = single(headers['webhook-timestamp']);
  const offS = Math.abs(Date.now() / 1_000 - Number(timestamp));
  return offS <= TOLERANCE_S ? 'SIGNATURE_WRONG' : 'TIMESTAMP_OFF';
}

const SIGNATURE_HEADERS = {
  'standard-webhooks': 'webhook-signature',
  'x-cv-signature': 'x-cv-signature',
  basic: 'authorization',
  bearer: 'authorization',
} as const;

/**
 * Returns the part of an authentic webhook that its authentication covers. An `x-cv-signature` covers the
 * body only: if the header `webhook-id` counted, a replayed message with another id would be stored again.
 */
export function authenticatedPart(auth: WebhookAuth, webhook: RawWebhook): RawWebhook {
  return auth.kind === 'x-cv-signature' ? { headers: {}, body: webhook.body } : webhook;
}

/** Returns a header that was sent once; a missing or repeated header counts as empty. */
function single(value: string | string[] | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** Compares two texts in constant time, also if their lengths differ. */
function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
