import { createHmac } from 'node:crypto';

const PREFIX = 'whsec_';
/** Of a symmetric secret's bytes (Standard Webhooks, "Signature scheme"). */
const LEAST_BYTES = 24;
const MOST_BYTES = 64;

/**
 * The bytes of a secret, which Standard Webhooks signs with.
 *
 * @throws a TypeError for what is no secret: one that were too short or empty would let anyone sign.
 */
export function keyOf(secret: string): Buffer {
  const text = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : '';
  const key = Buffer.from(text, 'base64');
  const isExact = key.toString('base64').replace(/=+$/, '') === text.replace(/=+$/, '');
  if (!isExact || key.length < LEAST_BYTES || key.length > MOST_BYTES) {
    throw new TypeError(`A secret is ${PREFIX} and the base64 of 24 to 64 bytes.`);
  }
  return key;
}

/** Of Standard Webhooks: over `<id>.<timestamp>.<body>`, with the bytes of the secret. */
export function standardSignature(
  key: Buffer,
  id: string,
  timestamp: string,
  body: string | Uint8Array,
): string {
  const hmac = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body);
  return `v1,${hmac.digest('base64')}`;
}

/** Of `x-cv-signature`: over the body alone, with the text of the secret, prefix and all. */
export function bodySignature(secret: string, body: string | Uint8Array): string {
  return createHmac('sha256', secret).update(body).digest('hex');
}
