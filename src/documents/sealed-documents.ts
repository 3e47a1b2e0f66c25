import { Readable } from 'node:stream';
import { SealBrokenError } from '../keys/aead.ts';
import { createHead, documentIdentity, HEAD_BYTES, openHead } from './age-header.ts';
import { CHUNK_BYTES, openPayload, SEALED_CHUNK_BYTES, sealPayload } from './age-payload.ts';
import { type Announced, checkedBytes, type Measures } from './checked-bytes.ts';
import { DocumentBrokenError } from './document-errors.ts';
import type { ByteRange, DocumentStore } from './document-store.ts';

/** Documents that are stored encrypted, each as an age file under a key of its order and place. */
export interface SealedDocuments {
  /**
   * Encrypts a document and stores it, when it is what was announced.
   *
   * @param storageKey made by us, e.g. `<orderId>/<documentId>.pdf`.
   * @param orderKey the order's own key, 32 bytes.
   * @param announced of the clear bytes, as far as it is known.
   * @returns what the clear bytes are.
   * @throws {DocumentMismatchError} nothing was stored.
   */
  put(
    storageKey: string,
    orderKey: Uint8Array,
    bytes: AsyncIterable<Uint8Array>,
    announced: Announced,
  ): Promise<Measures>;

  /**
   * Opens a stored document. Its first 64 KiB are checked before this resolves, and all that follows
   * before it is passed on; a fault further on ends the stream with the error, before its end.
   *
   * @param range the clear bytes that are wanted, which must be in the document; without it, all.
   * @throws {DocumentMissingError} there is none under this key.
   * @throws {DocumentBrokenError} what is there does not open, or not with this order's key.
   */
  open(storageKey: string, orderKey: Uint8Array, range?: ByteRange): Promise<Readable>;
}

/** Keeps documents encrypted in a store, which never sees a clear byte. */
export function createSealedDocuments(store: DocumentStore): SealedDocuments {
  return {
    async put(storageKey, orderKey, bytes, announced) {
      const { head, payloadKey } = await createHead(documentIdentity(orderKey, storageKey));
      let measures: Measures | undefined;
      async function* clear(): AsyncGenerator<Uint8Array> {
        measures = yield* checkedBytes(bytes, announced);
      }
      await store.put(
        storageKey,
        (async function* sealed() {
          yield head;
          yield* sealPayload(payloadKey, clear());
        })(),
      );
      if (measures === undefined) throw new Error('the document was not read to its end');
      return measures;
    },

    async open(storageKey, orderKey, range) {
      const identity = documentIdentity(orderKey, storageKey);
      const first = Math.floor((range?.start ?? 0) / CHUNK_BYTES);
      const { head, stream, sealed } = await openAt(storageKey, first, range);
      try {
        const payloadKey = await openHead(identity, head);
        const chunks = openPayload(payloadKey, sealed, first);
        const wanted = cut(chunks, (range?.start ?? 0) - first * CHUNK_BYTES, lengthOf(range));
        return await startReading(wanted, stream, storageKey);
      } catch (error) {
        stream.destroy();
        throw error instanceof SealBrokenError ? new DocumentBrokenError(storageKey) : error;
      }
    },
  };

  /** The bytes before the payload, and its chunks from one of them on, as far as they are wanted. */
  async function openAt(storageKey: string, first: number, range: ByteRange | undefined) {
    if (range === undefined || first === 0) {
      const wanted = range && { start: 0, end: sealedEnd(range) };
      const stream = await store.open(storageKey, wanted);
      const { head, rest } = await splitHead(stream, HEAD_BYTES);
      return { head, stream, sealed: rest };
    }
    // Two reads of one thing: what a row names was stored whole before, and is not stored again.
    const beginning = await store.open(storageKey, { start: 0, end: HEAD_BYTES - 1 });
    const { head } = await splitHead(beginning, HEAD_BYTES);
    beginning.destroy();
    const start = HEAD_BYTES + first * SEALED_CHUNK_BYTES;
    const stream = await store.open(storageKey, { start, end: sealedEnd(range) });
    return { head, stream, sealed: stream };
  }
}

/**
 * Takes the first bytes off a stream.
 *
 * @returns `head`, shorter if the stream ends before, and what follows it.
 */
async function splitHead(
  stream: Readable,
  length: number,
): Promise<{ head: Buffer; rest: AsyncIterable<Uint8Array> }> {
  const iterator: AsyncIterator<Uint8Array> = stream[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  while (head.length < length) {
    const next = await iterator.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  async function* rest() {
    if (head.length > length) yield head.subarray(length);
    yield* { [Symbol.asyncIterator]: () => iterator };
  }
  return { head: head.subarray(0, length), rest: rest() };
}

/** The last sealed byte to read: one behind the last chunk, which tells whether more follows. */
function sealedEnd({ end }: ByteRange): number {
  return HEAD_BYTES + (Math.floor(end / CHUNK_BYTES) + 1) * SEALED_CHUNK_BYTES;
}

function lengthOf(range: ByteRange | undefined): number {
  return range === undefined ? Infinity : range.end - range.start + 1;
}

/** Passes on `length` bytes after the first `skip`. @throws {SealBrokenError} there are fewer. */
async function* cut(
  chunks: AsyncIterable<Buffer>,
  skip: number,
  length: number,
): AsyncGenerator<Buffer> {
  let [toSkip, left] = [skip, length];
  for await (const chunk of chunks) {
    const part = chunk.subarray(toSkip, toSkip + left);
    toSkip = 0;
    left -= part.length;
    if (part.length > 0) yield part;
    if (left === 0) return;
  }
  if (left !== Infinity) throw new SealBrokenError();
}

/** A stream of the clear bytes; by the time it is there, the first of them have been checked. */
async function startReading(
  clear: AsyncGenerator<Buffer>,
  source: Readable,
  storageKey: string,
): Promise<Readable> {
  let upcoming: Promise<IteratorResult<Buffer>> | undefined = Promise.resolve(await clear.next());
  return new Readable({
    read() {
      const next = upcoming ?? clear.next();
      upcoming = undefined;
      next.then(
        ({ done, value }) => this.push(done === true ? null : value),
        (error: unknown) => {
          const broken = error instanceof SealBrokenError;
          this.destroy(broken ? new DocumentBrokenError(storageKey) : (error as Error));
        },
      );
    },
    destroy(error, callback) {
      source.destroy();
      callback(error);
    },
  });
}
