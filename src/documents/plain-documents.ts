import type { Readable } from 'node:stream';
import { type Announced, checkedBytes, type Measures } from './checked-bytes.ts';
import type { ByteRange, DocumentStore } from './store.ts';

/** Documents in a store, checked on their way in. */
export interface PlainDocuments {
  /**
   * Stores a document, when it is what was announced.
   *
   * @returns what it is.
   * @throws {DocumentMismatchError} nothing was stored.
   */
  put(
    storageKey: string,
    bytes: AsyncIterable<Uint8Array>,
    announced: Announced,
  ): Promise<Measures>;

  /**
   * Opens a stored document.
   *
   * @param range the bytes that are wanted; without it, all.
   * @throws {DocumentMissingError} there is none under this key.
   */
  open(storageKey: string, range?: ByteRange): Promise<Readable>;
}

export function createPlainDocuments(store: DocumentStore): PlainDocuments {
  return {
    async put(storageKey, bytes, announced) {
      let measures: Measures | undefined;
      async function* measured() {
        measures = yield* checkedBytes(bytes, announced);
      }
      await store.put(storageKey, measured());
      if (measures === undefined) throw new Error('the document was not read to its end');
      return measures;
    },
    open: (storageKey, range) => store.open(storageKey, range),
  };
}
