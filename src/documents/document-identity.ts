import { hkdfSync } from 'node:crypto';
import { bech32 } from '@scure/base';

const KEY_BYTES = 32;

/**
 * The age identity that one document is sealed for, also for the `age` command line: an X25519 key,
 * derived by HKDF-SHA256 (RFC 5869) from its order's key and its place, so that a copy under another
 * order or another name does not open. A secret.
 *
 * @param orderKey 32 bytes.
 * @returns `AGE-SECRET-KEY-1…`
 */
export function documentIdentity(orderKey: Uint8Array, storageKey: string): string {
  if (orderKey.byteLength !== KEY_BYTES) throw new Error('an order’s key must be 32 bytes');
  const scalar = hkdfSync('sha256', orderKey, '', `rx-orders document ${storageKey}`, KEY_BYTES);
  return bech32.encodeFromBytes('age-secret-key-', new Uint8Array(scalar)).toUpperCase();
}
