import { hkdfSync, randomBytes } from 'node:crypto';
import { bech32 } from '@scure/base';
import { Decrypter, Encrypter, identityToRecipient } from 'age-encryption';
import { SealBrokenError } from '../keys/aead.ts';

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

/** Bytes of a header for one X25519 recipient: its parts all have fixed lengths. */
const HEADER_BYTES = 168;
const NONCE_BYTES = 16;

/** Bytes before the payload: the header and the payload's nonce. */
export const HEAD_BYTES = HEADER_BYTES + NONCE_BYTES;

/**
 * Begins an age file for one identity.
 *
 * @returns what comes before the payload, and the payload's key.
 */
export async function createHead(
  identity: string,
): Promise<{ head: Uint8Array; payloadKey: Uint8Array }> {
  const encrypter = new Encrypter();
  encrypter.addRecipient(await identityToRecipient(identity));
  // The library makes whole files only: an empty one gives its header, with a fresh file key.
  const empty = await encrypter.encrypt(new Uint8Array());
  const head = Buffer.concat([empty.subarray(0, HEADER_BYTES), randomBytes(NONCE_BYTES)]);
  return { head, payloadKey: await openHead(identity, head) };
}

/**
 * Reads what comes before the payload.
 *
 * @param head the first {@link HEAD_BYTES} of a file; fewer if it has no more.
 * @returns the payload's key.
 * @throws {SealBrokenError} it was altered, or is sealed for another identity.
 */
export async function openHead(identity: string, head: Uint8Array): Promise<Uint8Array> {
  if (head.byteLength < HEAD_BYTES) throw new SealBrokenError();
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  let fileKey: Uint8Array;
  try {
    fileKey = await decrypter.decryptHeader(head.subarray(0, HEADER_BYTES));
  } catch {
    throw new SealBrokenError();
  }
  const nonce = head.subarray(HEADER_BYTES, HEAD_BYTES);
  return new Uint8Array(hkdfSync('sha256', fileKey, nonce, 'payload', 32));
}
