import { isUtf8 } from 'node:buffer';
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';

const webhookAuthSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('standard-webhooks'), secret: z.string().min(1) }),
  z.object({ kind: z.literal('x-cv-signature'), secret: z.string().min(1) }),
  z.object({ kind: z.literal('basic'), username: z.string(), password: z.string().min(1) }),
  z.object({ kind: z.literal('bearer'), token: z.string().min(1) }),
  z.object({ kind: z.literal('none') }),
]);

/** How a pharmacy's webhooks are authenticated; `none` is a pharmacy that sends no webhooks. */
export type WebhookAuth = z.output<typeof webhookAuthSchema>;

/** Reads the configured authentication; what is malformed authenticates nothing. */
export function parseWebhookAuth(value: unknown): WebhookAuth {
  const result = webhookAuthSchema.safeParse(value);
  return result.success ? result.data : { kind: 'none' };
}

/** The request as it came: lower-case header names, a list for one that was sent twice, raw bytes. */
export interface RawWebhook {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/**
 * Whether a webhook comes from the pharmacy. `standard-webhooks` checks the signature over the raw
 * bytes and refuses a timestamp more than five minutes off (standardwebhooks.com, specification,
 * "Verifying webhook authenticity"). `x-cv-signature` is the hex HMAC-SHA256 of the raw bytes under the
 * secret's text; it holds no time, so that an old message proves itself too and only the inbox knows it.
 */
export function isAuthentic(auth: WebhookAuth, { headers, body }: RawWebhook): boolean {
  switch (auth.kind) {
    case 'standard-webhooks':
      // The library takes text; only of valid UTF-8 is the text the same as the bytes.
      if (!isUtf8(body)) return false;
      // The library reads as much of it as is a number, and signs that.
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

/**
 * The part of an authentic webhook that the pharmacy vouches for. An `x-cv-signature` covers the body
 * alone: under another `webhook-id` the same message would be taken in once more, as often as one likes.
 */
export function vouchedFor(auth: WebhookAuth, webhook: RawWebhook): RawWebhook {
  return auth.kind === 'x-cv-signature' ? { headers: {}, body: webhook.body } : webhook;
}

/** A header that was sent once; one that was sent twice proves nothing. */
function single(value: string | string[] | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** Compares in constant time, whatever the lengths. */
function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
