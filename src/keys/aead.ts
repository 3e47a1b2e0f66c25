import { createCipheriv, createDecipheriv, randomFillSync } from 'node:crypto';

/** Sealed bytes cannot be opened: they were altered or truncated, or the context or the key is wrong. */
export class SealBrokenError extends Error {
  override readonly name = 'SealBrokenError';
  readonly code = 'SEAL_BROKEN';

  constructor() {
    super('sealed data was altered, or belongs to another row or field');
  }
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Nonces that have not been used: one call to OpenSSL for many, because a call takes as long as the encryption. */
const nonces = Buffer.alloc(NONCE_BYTES * 256);
let used = nonces.length;

function newNonce(): Buffer {
  if (used === nonces.length) {
    randomFillSync(nonces);
    used = 0;
  }
  used += NONCE_BYTES;
  return nonces.subarray(used - NONCE_BYTES, used);
}

/**
 * Encrypts bytes with AES-256-GCM (NIST SP 800-38D) and a random nonce.
 *
 * @param key 32 bytes.
 * @param context the place of the bytes, for example an order's id and a field name. {@link open} needs
 *   the same context, so that sealed bytes do not open in another place.
 * @returns nonce (12 bytes), ciphertext, tag (16 bytes).
 */
export function seal(key: Uint8Array, context: string, plain: Uint8Array): Buffer {
  const nonce = newNonce();
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(context));
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/**
 * Decrypts the result of {@link seal}.
 *
 * @throws {SealBrokenError} the bytes were altered, or were sealed for another context or with another
 *   key.
 */
export function open(key: Uint8Array, context: string, sealed: Uint8Array): Buffer {
  if (sealed.byteLength < NONCE_BYTES + TAG_BYTES) throw new SealBrokenError();
  const nonce = sealed.subarray(0, NONCE_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(context));
  decipher.setAuthTag(sealed.subarray(sealed.byteLength - TAG_BYTES));
  try {
    const body = sealed.subarray(NONCE_BYTES, sealed.byteLength - TAG_BYTES);
    return Buffer.concat([decipher.update(body), decipher.final()]);
  } catch {
    throw new SealBrokenError();
  }
}

/** Decodes sealed bytes from base64url. @throws {SealBrokenError} the text is not canonical base64url. */
export function decodeSealed(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64url');
  // The decoder silently skips invalid characters.
  if (bytes.toString('base64url') !== text) throw new SealBrokenError();
  return bytes;
}
