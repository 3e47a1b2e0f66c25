import type { Readable } from 'node:stream';

/** Bytes of a document, both ends included, counted from 0. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Where bytes are kept, by key. What they are is its user's business. */
export interface DocumentStore {
  /**
   * Stores bytes under a key. They become visible at once and whole, and when it resolves they
   * survive a crash; an error, also one of `bytes`, leaves what was there. Storing a key again
   * replaces what it has.
   *
   * @param key made by us, e.g. `<orderId>/<documentId>.pdf`; never a name from outside.
   */
  put(key: string, bytes: AsyncIterable<Uint8Array>): Promise<void>;

  /**
   * Opens what is stored.
   *
   * @param range the bytes that are wanted, as far as there are any; without it, all.
   * @throws {DocumentMissingError} there is nothing under this key.
   */
  open(key: string, range?: ByteRange): Promise<Readable>;

  /** Removes what is under a key; what is not there is no error. */
  remove(key: string): Promise<void>;

  /**
   * Removes everything of one order, also what attempts to store have left; nothing there is no error.
   *
   * @param prefix `<orderId>/`, one folder with its slash.
   */
  removeAll(prefix: string): Promise<void>;
}

/** A prefix that is no one folder could name other orders' documents. @throws it is none. */
export function checkPrefix(prefix: string): void {
  if (!/^(?!\.{1,2}\/)[^/]+\/$/.test(prefix)) {
    throw new Error('the prefix of documents must be one folder and its slash');
  }
}
