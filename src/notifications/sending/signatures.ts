import { randomBytes } from 'node:crypto';
import { bodySignature, keyOf, standardSignature } from '../../../packages/webhooks/src/signing.ts';

const SECRET_BYTES = 32;

/** What is signed; the body is exactly what is sent. */
export interface Unsigned {
  /** The same over all attempts. Without a full stop, which parts what is signed. */
  readonly id: string;
  /** Of this attempt, in seconds since the epoch. */
  readonly timestamp: number;
  readonly body: string;
  /** Those that sign now, the newest first: one, or two while a secret rotates. */
  readonly secrets: readonly [string, ...string[]];
}

/** A new secret of an endpoint: `whsec_` and the base64 of 32 random bytes. */
export function newSecret(): string {
  return `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
}

/**
 * The headers that prove a webhook to its receiver.
 *
 * Standard Webhooks' signature holds one value for each secret, made with the bytes after `whsec_`.
 * `x-cv-signature` holds a single value, made with the secret's whole text: a handler written for the
 * original compares it to one HMAC and reads no list. So while a secret rotates it stays the oldest
 * secret's, which such a handler still has, and the newest one's is beside it in `x-cv-signature-next`.
 */
export function signaturesOf({ id, timestamp, body, secrets }: Unsigned): Record<string, string> {
  const [newest] = secrets;
  const oldest = secrets.at(-1) ?? newest;
  const signatures = secrets.map((secret) =>
    standardSignature(keyOf(secret), id, String(timestamp), body),
  );
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signatures.join(' '),
    'x-cv-signature': bodySignature(oldest, body),
    ...(newest === oldest ? {} : { 'x-cv-signature-next': bodySignature(newest, body) }),
  };
}
