import { Readable } from 'node:stream';
import { DocumentMissingError } from '../../src/documents/document-errors.ts';
import type { DocumentStore } from '../../src/documents/document-store.ts';

/** A document store in memory, whose files a test can read and damage. */
export interface MemoryStore extends DocumentStore {
  readonly files: Map<string, Buffer>;
  /** The streams that the store opened. */
  readonly opened: Readable[];
  bytesRead: number;
  /** Receives the number of bytes of a document that have been written so far. */
  onWrite: (written: number) => void;
  /** Streams fail after this number of bytes. */
  failAfter?: { readonly bytes: number; readonly fault: Error };
}

const STEP = 50_000;

export function createMemoryStore(): MemoryStore {
  const files = new Map<string, Buffer>();
  const store: MemoryStore = {
    files,
    opened: [],
    bytesRead: 0,
    onWrite: () => undefined,
    async put(key, bytes) {
      const parts: Uint8Array[] = [];
      let written = 0;
      for await (const part of bytes) {
        parts.push(part);
        written += part.byteLength;
        store.onWrite(written);
      }
      files.set(key, Buffer.concat(parts));
    },
    async open(key, range = { start: 0, end: Infinity }) {
      const file = files.get(key)?.subarray(range.start, range.end + 1);
      if (file === undefined) throw new DocumentMissingError(`no document ${key}`);
      async function* parts() {
        for (let at = 0; at < Number(file?.length); at += STEP) {
          if (store.failAfter && at >= store.failAfter.bytes) throw store.failAfter.fault;
          const part = Buffer.from(file?.subarray(at, at + STEP) ?? []);
          store.bytesRead += part.length;
          yield part;
        }
      }
      const stream = Readable.from(parts(), { objectMode: false });
      store.opened.push(stream);
      return stream;
    },
    async remove(key) {
      files.delete(key);
    },
    async removeAll(prefix) {
      for (const key of files.keys()) if (key.startsWith(prefix)) files.delete(key);
    },
  };
  return store;
}
