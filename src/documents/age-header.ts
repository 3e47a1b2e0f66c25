import { hkdfSync, randomBytes } from 'node:crypto';
import { bech32 } from '@scure/base';
import { Decrypter, Encrypter } from 'age-encryption';
import { SealBrokenError } from '../keys/aead.ts';
import { createIdentity, createRecipient } from './age-x25519.ts';

const KEY_BYTES = 32;

/**
 * Derives the age identity of one document: an X25519 key by HKDF-SHA256 (RFC 5869) from the order's key
 * and the storage key. A copy under another order or another name therefore does not open. The identity
 * is secret; the `age` command line accepts it, too.
 *
 * @param orderKey the derived key of the order, 32 bytes.
 * @param storageKey the key of the document in the store.
 * @returns `AGE-SECRET-KEY-1…`
 */
export function documentIdentity(orderKey: Uint8Array, storageKey: string): string {
  if (orderKey.byteLength !== KEY_BYTES) throw new Error('an order’s key must be 32 bytes');
  const scalar = hkdfSync('sha256', orderKey, '', `rx-orders document ${storageKey}`, KEY_BYTES);
  return bech32.encodeFromBytes('age-secret-key-', new Uint8Array(scalar)).toUpperCase();
}

/** Size of a header with one X25519 recipient: all of its parts have fixed lengths. */
const HEADER_BYTES = 168;
const NONCE_BYTES = 16;

/** Number of bytes before the payload: the header and the payload's nonce. */
export const HEAD_BYTES = HEADER_BYTES + NONCE_BYTES;

/**
 * Creates the head of an age file for one identity.
 *
 * @returns the bytes before the payload, and the payload's key.
 */
export async function createHead(
  identity: string,
): Promise<{ head: Uint8Array; payloadKey: Uint8Array }> {
  const recipient = createRecipient(secretOf(identity));
  let fileKey: Uint8Array = new Uint8Array();
  const encrypter = new Encrypter();
  encrypter.addRecipient({
    wrapFileKey(key) {
      fileKey = key.slice();
      return recipient.wrapFileKey(key);
    },
  });
  // The library writes only whole files, so we take the header of an empty one. Its file key is fresh.
  const empty = await encrypter.encrypt(new Uint8Array());
  const nonce = randomBytes(NONCE_BYTES);
  const head = Buffer.concat([empty.subarray(0, HEADER_BYTES), nonce]);
  return { head, payloadKey: payloadKeyOf(fileKey, nonce) };
}

/**
 * Opens the head of an age file.
 *
 * @param head the first {@link HEAD_BYTES} of the file, or the whole file if it is shorter.
 * @returns the payload's key.
 * @throws {SealBrokenError} the head was altered, or was sealed for another identity.
 */
export async function openHead(identity: string, head: Uint8Array): Promise<Uint8Array> {
  if (head.byteLength < HEAD_BYTES) throw new SealBrokenError();
  const decrypter = new Decrypter();
  decrypter.addIdentity(createIdentity(secretOf(identity)));
  let fileKey: Uint8Array;
  try {
    fileKey = await decrypter.decryptHeader(head.subarray(0, HEADER_BYTES));
  } catch {
    throw new SealBrokenError();
  }
  return payloadKeyOf(fileKey, head.subarray(HEADER_BYTES, HEAD_BYTES));
}

function payloadKeyOf(fileKey: Uint8Array, nonce: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', fileKey, nonce, 'payload', 32));
}

/** The scalar of an identity. */
function secretOf(identity: string): Uint8Array {
  return bech32.decodeToBytes(identity.toLowerCase()).bytes;
}
