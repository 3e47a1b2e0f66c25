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
    | 'codec-session'
    | 'tracking-number',
  text: string,
): Buffer {
  return createHmac('sha256', secret).update(`${purpose}\0`).update(text).digest();
}

/** Computes the hash by which an organization's idempotency key is found. The key itself is sealed. */
export function idempotencyHash(secret: string, organizationId: string, key: string): Buffer {
  return keyedHash(secret, 'idempotency-key', `${organizationId}\0${key}`);
}

/** Computes the hash by which a parcel is found in every order. People type its number with spaces, or in small letters. */
export function trackingNumberHash(secret: string, trackingNumber: string): Buffer {
  return keyedHash(secret, 'tracking-number', trackingNumber.replace(/\s/g, '').toUpperCase());
}

/** Compares two hashes in constant time. */
export function sameHash(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && timingSafeEqual(a, b);
}
