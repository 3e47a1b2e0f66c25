import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * Computes HMAC-SHA256 of a text with the deployment's hash secret. The purpose is part of the input, so
 * that a hash of one purpose never equals one of another.
 */
export function keyedHash(
  secret: string,
  purpose:
    | 'api-key'
    | 'fingerprint'
    | 'document-link'
    | 'idempotency-key'
    | 'order-id'
    | 'backup'
    | 'patient'
    | 'case-email'
    | 'codec-session',
  text: string,
): Buffer {
  return createHmac('sha256', secret).update(`${purpose}\0`).update(text).digest();
}

/** Computes the hash by which an organization's idempotency key is found. The key itself is sealed. */
export function idempotencyHash(secret: string, organizationId: string, key: string): Buffer {
  return keyedHash(secret, 'idempotency-key', `${organizationId}\0${key}`);
}

/** Compares two hashes in constant time. */
export function sameHash(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && timingSafeEqual(a, b);
}
