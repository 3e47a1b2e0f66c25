import { createHmac } from 'node:crypto';

const PREFIX = 'whsec_';
/** Lengths of a symmetric secret, in bytes (Standard Webhooks, "Signature scheme"). */
const MIN_BYTES = 24;
const MAX_BYTES = 64;

/**
 * Decodes a secret to the key that Standard Webhooks signs with.
 *
 * @throws {TypeError} the text is not a secret. An empty or short key would let anyone sign.
 */
export function keyOf(secret: string): Buffer {
  const text = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : '';
  const key = Buffer.from(text, 'base64');
  const isExact = key.toString('base64').replace(/=+$/, '') === text.replace(/=+$/, '');
  if (!isExact || key.length < MIN_BYTES || key.length > MAX_BYTES) {
    throw new TypeError(`A secret is ${PREFIX} and the base64 of 24 to 64 bytes.`);
  }
  return key;
}

/** Standard Webhooks' signature: over `<id>.<timestamp>.<body>`, with the bytes of the secret. */
export function standardSignature(
  key: Buffer,
  id: string,
  timestamp: string,
  body: string | Uint8Array,
): string {
  const hmac = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body);
  return `v1,${hmac.digest('base64')}`;
}

/** The signature of `x-cv-signature`: over the body, with the text of the secret including its prefix. */
export function bodySignature(secret: string, body: string | Uint8Array): string {
  return createHmac('sha256', secret).update(body).digest('hex');
}
