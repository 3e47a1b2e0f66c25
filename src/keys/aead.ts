import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** Bytes that do not open: altered, cut, of another place, or sealed with another key. */
export class SealBrokenError extends Error {
  override readonly name = 'SealBrokenError';
  readonly code = 'SEAL_BROKEN';

  constructor() {
    super('sealed data was altered, or belongs elsewhere');
  }
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts bytes by AES-256-GCM (NIST SP 800-38D) under a random nonce.
 *
 * @param key 32 bytes.
 * @param context where the bytes belong, e.g. an order's id and a field; {@link open} needs the same.
 * @returns nonce (12 bytes), ciphertext, tag (16 bytes).
 */
export function seal(key: Uint8Array, context: string, plain: Uint8Array): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(context));
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** Decrypts what {@link seal} gave. @throws {SealBrokenError} it is not that, or not for `context`. */
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

/** Reads sealed bytes from base64url. @throws {SealBrokenError} it is not how they were written. */
export function decodeSealed(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64url');
  // The decoder passes over what does not belong there.
  if (bytes.toString('base64url') !== text) throw new SealBrokenError();
  return bytes;
}
