import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * HMAC-SHA256 of a text under the deployment's hash secret. The purpose keeps hashes of different
 * kinds apart, so that one kind can never stand in for another.
 */
export function keyedHash(
  secret: string,
  purpose: 'api-key' | 'fingerprint' | 'document-link',
  text: string,
): Buffer {
  return createHmac('sha256', secret).update(`${purpose}\0`).update(text).digest();
}

/** Compares two hashes in constant time. */
export function sameHash(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && timingSafeEqual(a, b);
}
