import { createHash } from 'node:crypto';
import { DocumentMismatchError } from './document-errors.ts';

/** The size and the hash of a document. */
export interface Measures {
  /** Bytes. */
  readonly size: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

/** The size and the hash that the pharmacy announced, as far as it did. */
export interface Announced {
  readonly size?: number | undefined;
  readonly sha256?: string | undefined;
}

/**
 * Passes bytes through and measures them. Fails at the end, or as soon as there are too many, if they do
 * not match the announcement.
 *
 * @returns the size and the hash, as the return value of the iteration.
 * @throws {DocumentMismatchError} during the iteration.
 */
export async function* checkedBytes(
  bytes: AsyncIterable<Uint8Array>,
  { size: announced, sha256: announcedHash }: Announced,
): AsyncGenerator<Uint8Array, Measures> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of bytes) {
    size += chunk.byteLength;
    if (size > (announced ?? Infinity)) throw new DocumentMismatchError('longer than announced');
    hash.update(chunk);
    yield chunk;
  }
  if (size < (announced ?? 0)) throw new DocumentMismatchError('shorter than announced');
  const sha256 = hash.digest('hex');
  if (sha256 !== (announcedHash ?? sha256)) throw new DocumentMismatchError('another SHA-256');
  return { size, sha256 };
}
