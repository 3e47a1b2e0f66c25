import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import type { Measures } from '../../src/documents/checked-bytes.ts';
import type { ByteRange } from '../../src/documents/document-store.ts';
import {
  createSealedDocuments,
  type SealedDocuments,
} from '../../src/documents/sealed-documents.ts';
import { createMemoryStore, type MemoryStore } from './memory-store.ts';

export const KEY = 'order-1/document-1.pdf';
/** The size of age's chunks before and after encryption (age-encryption.org/v1, "Payload"). */
export const CHUNK = 64 * 1024;
export const SEALED_CHUNK = CHUNK + 16;
/** The size of the header and the nonce. */
export const HEAD = 184;
/** A stored file of three chunks. */
export const THREE_CHUNKS = 2 * CHUNK + 1_000;

/** The encrypted documents of one order, in a store that a test can read and damage. */
export interface SealedRig {
  readonly orderKey: Buffer;
  readonly store: MemoryStore;
  readonly documents: SealedDocuments;
  put(bytes: Uint8Array, key?: string): Promise<Measures>;
  read(range?: ByteRange): Promise<Buffer>;
  /** The stored file. */
  sealed(key?: string): Buffer;
}

export function createSealedRig(): SealedRig {
  const orderKey = randomBytes(32);
  const store = createMemoryStore();
  const documents = createSealedDocuments(store);
  return {
    ...{ orderKey, store, documents },
    put: (bytes, key = KEY) => documents.put(key, orderKey, stream(bytes), {}),
    read: async (range) => await buffer(await documents.open(KEY, orderKey, range)),
    sealed: (key = KEY) => store.files.get(key) ?? Buffer.alloc(0),
  };
}

export async function* stream(...parts: Uint8Array[]): AsyncIterable<Uint8Array> {
  yield* parts;
}
