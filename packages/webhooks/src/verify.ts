import { timingSafeEqual } from 'node:crypto';
import type { WebhookEvent } from './events.ts';
import { readHeaders, type WebhookHeaders } from './read-headers.ts';
import { bodySignature, keyOf, standardSignature } from './signing.ts';
import { WebhookVerificationError } from './verification-error.ts';

export interface VerifyOptions {
  /** How far the timestamp may be off, either way; 300 s where it is not given. */
  readonly toleranceSeconds?: number;
  /**
   * Refuses what has no Standard Webhooks signature. Otherwise a request with `x-cv-signature` alone
   * passes, which has no timestamp and no id: whoever recorded one can send it again at any time.
   */
  readonly requireTimestamp?: boolean;
  /** The time, in milliseconds since the epoch; the clock's where it is not given. */
  readonly now?: number;
}

/**
 * Verifies a webhook and reads its event.
 *
 * Where the headers of Standard Webhooks are there, they decide; `x-cv-signature` counts only without
 * them. After this, drop what has a `webhook-id` that was seen before: an event can come twice.
 *
 * @param rawBody the bytes as they came, before anything has parsed them.
 * @param secrets the endpoint's; while one rotates, the old one and the new one.
 * @throws WebhookVerificationError for a request that is not to be acted on.
 * @throws TypeError for secrets that are none.
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
  if (signed.kind === 'body' && options.requireTimestamp === true) {
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
  // After the signature, so that a stranger learns nothing of our clock.
  if (signed.kind === 'standard') checkAge(signed.timestamp, options);
  return parse(rawBody);
}

/** As texts: one HMAC has several spellings in base64 and hex, and only ours counts. */
function isSame(a: string, b: string): boolean {
  const [given, expected] = [Buffer.from(a), Buffer.from(b)];
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function checkAge(timestamp: string, { toleranceSeconds = 300, now = Date.now() }: VerifyOptions) {
  // A number in another form was signed by somebody with the secret, and yet is no timestamp.
  if (!/^\d{1,12}$/.test(timestamp)) throw new WebhookVerificationError('missing_headers');
  const age = Math.floor(now / 1000) - Number(timestamp);
  // Said this way round, a tolerance that is no number tolerates nothing.
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

/** Who signed it vouches for the rest. */
function isEvent(value: unknown): value is WebhookEvent {
  return (
    typeof value === 'object' &&
    value !== null &&
    'event' in value &&
    typeof value.event === 'string'
  );
}
