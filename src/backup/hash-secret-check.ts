import { keyedHash } from '../keys/keyed-hash.ts';

/**
 * Computes a value that shows whether a deployment has the HASH_SECRET of a backup, and reveals nothing about it. With
 * another secret, no API key, idempotency key or order id of the backup would be found again.
 */
export function checkOfHashSecret(hashSecret: string, createdAt: string): string {
  return keyedHash(hashSecret, 'backup', createdAt).toString('hex');
}
