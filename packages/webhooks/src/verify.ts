import { timingSafeEqual } from 'node:crypto';
import type { WebhookEvent } from './events.ts';
import { readHeaders, type WebhookHeaders } from './read-headers.ts';
import { bodySignature, keyOf, standardSignature } from './signing.ts';
import { WebhookVerificationError } from './verification-error.ts';

/** Options of {@link verifyWebhook}. */
export interface VerifyOptions {
  /** How far the timestamp may be in the past or the future, in seconds. Default 300. */
  readonly toleranceSeconds?: number;
  /**
   * Rejects requests without a Standard Webhooks signature. Default true. With `false`, a request that has
   * `x-cv-signature` alone passes. That signature covers no timestamp and no id, so anyone who
   * recorded the request can replay it at any time.
   */
  readonly requireTimestamp?: boolean;
  /** The current time, in milliseconds since the epoch. Default `Date.now()`. */
  readonly now?: number;
}

/**
 * Verifies a webhook and returns its event.
 *
 * The headers of Standard Webhooks decide. `x-cv-signature` counts only without them, and only if
 * `requireTimestamp` is `false`. The server delivers at least once, so afterwards skip a `webhook-id` that you have handled.
 *
 * @param rawBody the bytes of the request, before any parsing.
 * @param secrets the secret of the endpoint. While it rotates, pass the old one and the new one.
 * @throws {WebhookVerificationError} the request is not a genuine webhook; `code` says why.
 * @throws {TypeError} a secret is malformed, or there is none.
 */
export function verifyWebhook(
  rawBody: string | Uint8Array,
  headers: WebhookHeaders,
  secrets: string | readonly string[],
  options: VerifyOptions = {},
): WebhookEvent {
  const keys = [secrets].flat().map((secret) => ({ secret, key: keyOf(secret) }));
  if (keys.length === 0) throw new TypeError('There is no secret.');
  const signed = readHeaders(headers);
  if (signed.kind === 'body' && options.requireTimestamp !== false) {
    throw new WebhookVerificationError('missing_headers');
  }
  const given = signed.kind === 'standard' ? signed.signatures.split(' ') : signed.signatures;
  const isGenuine = keys
    .map(({ secret, key }) =>
      signed.kind === 'standard'
        ? standardSignature(key, signed.id, signed.timestamp, rawBody)
        : bodySignature(secret, rawBody),
    )
    .some((expected) => given.some((signature) => isSame(signature, expected)));
  if (!isGenuine) throw new WebhookVerificationError('bad_signature');
  // After the signature, so that a stranger learns nothing about this machine's clock.
  if (signed.kind === 'standard') checkAge(signed.timestamp, options);
  return parse(rawBody);
}

/** Compares as text: base64 and hex have several spellings of one HMAC, and only the exact one counts. */
function isSame(a: string, b: string): boolean {
  const [given, expected] = [Buffer.from(a), Buffer.from(b)];
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function checkAge(timestamp: string, { toleranceSeconds = 300, now = Date.now() }: VerifyOptions) {
  // Whoever signed this knows the secret, but the header is still not a timestamp.
  if (!/^\d{1,12}$/.test(timestamp)) throw new WebhookVerificationError('missing_headers');
  const age = Math.floor(now / 1000) - Number(timestamp);
  // Written this way, a tolerance of NaN rejects everything.
  if (!(age <= toleranceSeconds)) throw new WebhookVerificationError('too_old');
  if (!(age >= -toleranceSeconds)) throw new WebhookVerificationError('too_new');
}

function parse(rawBody: string | Uint8Array): WebhookEvent {
  let value: unknown;
  try {
    const text =
      typeof rawBody === 'string'
        ? rawBody
        : new TextDecoder('utf-8', { fatal: true }).decode(rawBody);
    value = JSON.parse(text);
  } catch {
    throw new WebhookVerificationError('bad_body');
  }
  if (!isEvent(value)) throw new WebhookVerificationError('bad_body');
  return value;
}

/** Only `event` is checked: the body comes from a holder of the secret. */
function isEvent(value: unknown): value is WebhookEvent {
  return (
    typeof value === 'object' &&
    value !== null &&
    'event' in value &&
    typeof value.event === 'string'
  );
}
