import type { Readable } from 'node:stream';
import type { Announced, Measures } from './checked-bytes.ts';

/** Where prescription documents are kept, by key. */
export interface DocumentStore {
  /**
   * Stores a document. It becomes visible under its key at once and whole, and only when its length
   * and hash are right; storing the same key again replaces it with the same bytes.
   *
   * @param key made by us, e.g. `<orderId>/<documentId>.pdf`; never a name from outside.
   * @param announced `size` in bytes, `sha256` in lower-case hexadecimal, as far as they are known.
   * @returns both, as they were found.
   * @throws {DocumentMismatchError} nothing was stored.
   */
  put(key: string, bytes: AsyncIterable<Uint8Array>, announced: Announced): Promise<Measures>;

  /**
   * Opens a stored document.
   *
   * @param range the bytes that are wanted, both ends included; without it, all.
   * @throws {DocumentMissingError} there is none under this key.
   */
  open(key: string, range?: { readonly start: number; readonly end: number }): Promise<Readable>;
}
