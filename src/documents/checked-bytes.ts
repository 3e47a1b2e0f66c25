import { createHash } from 'node:crypto';
import { DocumentMismatchError } from './errors.ts';

/**
 * Passes bytes on while it measures them, and fails at the end (or as soon as there are too many)
 * when they are not the expected ones.
 *
 * @param expected `size` in bytes, `sha256` in lower-case hexadecimal.
 * @throws {DocumentMismatchError} from the iteration.
 */
export async function* checkedBytes(
  bytes: AsyncIterable<Uint8Array>,
  expected: { readonly size: number; readonly sha256: string },
): AsyncIterable<Uint8Array> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of bytes) {
    size += chunk.byteLength;
    if (size > expected.size) throw new DocumentMismatchError('longer than announced');
    hash.update(chunk);
    yield chunk;
  }
  if (size < expected.size) throw new DocumentMismatchError('shorter than announced');
  if (hash.digest('hex') !== expected.sha256) throw new DocumentMismatchError('another SHA-256');
}
