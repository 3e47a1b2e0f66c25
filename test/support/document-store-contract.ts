import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import v8 from 'node:v8';
import vm from 'node:vm';
import { describe, expect, it, vi } from 'vitest';
import { DocumentMissingError } from '../../src/documents/document-errors.ts';
import type { DocumentStore } from '../../src/documents/document-store.ts';

const MEGABYTE = 1024 * 1024;
/** More than one part of a multipart upload. */
const LARGE = 20 * MEGABYTE;
/** The bytes that a store may hold in memory: two parts of an upload, and some copies in progress. */
const MAX_HELD = 40 * MEGABYTE;

v8.setFlagsFromString('--expose-gc');
/** Collects garbage first, so that only memory that is still referenced counts. */
const collectGarbage = vm.runInNewContext('gc') as () => void;

/** A store under test, with access to its files. */
export interface StoreUnderTest {
  readonly store: DocumentStore;
  /** The names of everything stored below a prefix, including unfinished uploads. */
  leftovers(prefix: string): Promise<readonly string[]>;
}

/** The tests that every document store must pass; each test calls `underTest`. */
export function testDocumentStore(name: string, underTest: () => StoreUnderTest): void {
  /** Returns a new order id for each test, so that tests can share a store. */
  const place = () => {
    const folder = `${randomUUID()}/`;
    const key = `${folder}${randomUUID()}.pdf`;
    return { ...underTest(), folder, key };
  };

  async function* stream(...parts: Uint8Array[]): AsyncIterable<Uint8Array> {
    yield* parts;
  }

  const read = async (store: DocumentStore, key: string) => await buffer(await store.open(key));

  describe(`${name}: a document store`, () => {
    it('returns the bytes that were stored', async () => {
      const { store, key } = place();
      const bytes = randomBytes(100_000);
      await store.put(key, stream(bytes.subarray(0, 1), bytes.subarray(1)));
      expect((await read(store, key)).equals(bytes)).toBe(true);
    });

    it('stores an empty document', async () => {
      const { store, key } = place();
      await store.put(key, stream());
      expect(await read(store, key)).toHaveLength(0);
    });

    it('replaces the document under a key', async () => {
      const { store, key, folder, leftovers } = place();
      await store.put(key, stream(randomBytes(2_000)));
      await store.put(key, stream(Buffer.from('second')));
      expect((await read(store, key)).toString()).toBe('second');
      expect(await leftovers(folder)).toEqual([key]);
    });

    it('opens ranges, truncated at the end of the bytes', async () => {
      const { store, key } = place();
      const bytes = randomBytes(1_000);
      await store.put(key, stream(bytes));
      for (const [start, end] of [
        [0, 0],
        [10, 20],
        [999, 999],
        [990, 5_000],
        [1_000, 2_000],
        [7_000, 8_000],
      ] as const) {
        const part = await buffer(await store.open(key, { start, end }));
        expect(part.equals(bytes.subarray(start, end + 1))).toBe(true);
      }
    });

    it('finds nothing under an unknown key', async () => {
      const { store, key } = place();
      await expect(store.open(key)).rejects.toBeInstanceOf(DocumentMissingError);
      await expect(store.open(key, { start: 5, end: 9 })).rejects.toBeInstanceOf(
        DocumentMissingError,
      );
    });

    it('shows a document only when it is complete', async () => {
      const { store, key } = place();
      async function* watched(): AsyncIterable<Uint8Array> {
        yield randomBytes(1_000);
        await expect(store.open(key)).rejects.toBeInstanceOf(DocumentMissingError);
        yield randomBytes(1_000);
      }
      await store.put(key, watched());
      expect(await read(store, key)).toHaveLength(2_000);
    });

    it.each([
      ['a few bytes', 1_000],
      ['many parts', LARGE],
    ])(
      'leaves nothing when the source fails after %s, and throws the error of the source',
      async (_, size) => {
        const { store, key, folder, leftovers } = place();
        const fault = new Error('connection lost');
        async function* broken(): AsyncIterable<Uint8Array> {
          for (let sent = 0; sent < size; sent += 1_000_000) yield Buffer.alloc(1_000_000);
          throw fault;
        }
        await expect(store.put(key, broken())).rejects.toBe(fault);
        await expect(store.open(key)).rejects.toBeInstanceOf(DocumentMissingError);
        expect(await leftovers(folder)).toEqual([]);
      },
    );

    it('keeps the existing document when a source fails', async () => {
      const { store, key, folder, leftovers } = place();
      await store.put(key, stream(Buffer.from('first')));
      async function* broken(): AsyncIterable<Uint8Array> {
        yield Buffer.from('second');
        throw new Error('connection lost');
      }
      await expect(store.put(key, broken())).rejects.toThrow('connection lost');
      expect((await read(store, key)).toString()).toBe('first');
      expect(await leftovers(folder)).toEqual([key]);
    });

    it('streams 20 MB in and out', async () => {
      const { store, key } = place();
      const block = randomBytes(64 * 1024);
      const expected = createHash('sha256');
      let given = 0;
      async function* source(): AsyncIterable<Uint8Array> {
        for (; given < LARGE; given += block.length) {
          expected.update(block);
          yield block;
        }
      }
      await store.put(key, source());

      const slow = await store.open(key);
      const found = createHash('sha256');
      for await (const chunk of slow as AsyncIterable<Buffer>) {
        found.update(chunk);
        expect(slow.readableLength).toBeLessThan(MEGABYTE);
      }
      expect(found.digest('hex')).toBe(expected.digest('hex'));
    });

    it('buffers only a part of a document in memory', async () => {
      const { store, key } = place();
      collectGarbage();
      const before = process.memoryUsage().arrayBuffers;
      let most = 0;
      async function* source(): AsyncIterable<Uint8Array> {
        for (let given = 0; given < 4 * LARGE; given += MEGABYTE) {
          yield Buffer.alloc(MEGABYTE, given);
          if (given % (8 * MEGABYTE) !== 0) continue;
          collectGarbage();
          most = Math.max(most, process.memoryUsage().arrayBuffers - before);
        }
      }
      await store.put(key, source());
      expect(most).toBeLessThan(MAX_HELD);
    });

    it('releases a document whose reader stops', async () => {
      const { store, key } = place();
      await store.put(key, stream(randomBytes(MEGABYTE)));
      const reader: Readable = await store.open(key);
      for await (const chunk of reader) {
        expect(chunk).not.toHaveLength(0);
        break;
      }
      await vi.waitUntil(() => reader.destroyed);
    });

    it('removes a document, also one that does not exist', async () => {
      const { store, key, folder, leftovers } = place();
      const other = `${folder}other.pdf`;
      await store.remove(key);
      await store.put(key, stream(randomBytes(10)));
      await store.put(other, stream(randomBytes(10)));
      await store.remove(key);
      await store.remove(key);
      await expect(store.open(key)).rejects.toBeInstanceOf(DocumentMissingError);
      expect(await leftovers(folder)).toEqual([other]);
    });

    it('removes all documents of one order, and none of another', async () => {
      const { store, folder, leftovers } = place();
      const neighbour = `${folder.slice(0, -1)}x/document.pdf`;
      await store.removeAll(folder);
      for (const n of [1, 2, 3]) await store.put(`${folder}${n}.pdf`, stream(randomBytes(10)));
      await store.put(neighbour, stream(Buffer.from('kept')));
      await store.removeAll(folder);
      await store.removeAll(folder);
      expect(await leftovers(folder)).toEqual([]);
      expect((await read(store, neighbour)).toString()).toBe('kept');
    });

    it.each(['', '/', '.', './', '../', 'order', 'order/more/', '/order/'])(
      'refuses to remove all of a prefix that is no one order: %j',
      async (prefix) => {
        await expect(place().store.removeAll(prefix)).rejects.toThrow('must be one folder');
      },
    );

    it('keeps the bytes of one of several concurrent writes', async () => {
      const { store, key, folder, leftovers } = place();
      const attempts = await Promise.allSettled(
        Array.from({ length: 4 }, (_, n) => store.put(key, stream(Buffer.alloc(200_000, n)))),
      );
      expect(attempts.some(({ status }) => status === 'fulfilled')).toBe(true);
      const found = await read(store, key);
      expect(found.equals(Buffer.alloc(200_000, found[0]))).toBe(true);
      expect(await leftovers(folder)).toEqual([key]);
    });
  });
}
