import { createHash, randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { Decrypter, Encrypter, identityToRecipient } from 'age-encryption';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { documentIdentity } from '../../../src/documents/document-identity.ts';
import {
  DocumentBrokenError,
  DocumentMismatchError,
  DocumentMissingError,
} from '../../../src/documents/errors.ts';
import { createSealedDocuments } from '../../../src/documents/sealed-documents.ts';
import type { ByteRange } from '../../../src/documents/store.ts';
import { createMemoryStore, type MemoryStore } from '../../support/memory-store.ts';

const KEY = 'order-1/document-1.pdf';
const CHUNK = 64 * 1024;
const SEALED_CHUNK = CHUNK + 16;
const HEAD = 184;
/** A stored file of three chunks. */
const THREE_CHUNKS = 2 * CHUNK + 1_000;

const orderKey = randomBytes(32);
let store: MemoryStore;
let documents: ReturnType<typeof createSealedDocuments>;
beforeEach(() => {
  store = createMemoryStore();
  documents = createSealedDocuments(store);
});

async function* stream(...parts: Uint8Array[]): AsyncIterable<Uint8Array> {
  yield* parts;
}

const measuresOf = (bytes: Uint8Array) => ({
  size: bytes.length,
  sha256: createHash('sha256').update(bytes).digest('hex'),
});
const put = (bytes: Uint8Array, key = KEY) => documents.put(key, orderKey, stream(bytes), {});
const read = async (range?: ByteRange, key = KEY, ofOrder: Uint8Array = orderKey) =>
  await buffer(await documents.open(key, ofOrder, range));
const sealed = (key = KEY) => store.files.get(key) ?? Buffer.alloc(0);

/** All that comes out of a stored document before it is refused. */
async function bytesBeforeRefusal(range?: ByteRange): Promise<Buffer> {
  const got: Buffer[] = [];
  const consume = async () => {
    for await (const chunk of await documents.open(KEY, orderKey, range)) got.push(chunk);
  };
  await expect(consume()).rejects.toMatchObject({
    name: 'DocumentBrokenError',
    code: 'DOCUMENT_BROKEN',
    message: `document ${KEY} was altered or cut, or belongs elsewhere`,
  });
  return Buffer.concat(got);
}

/** Sizes around the borders of chunks. */
const sizes = fc
  .tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: -17, max: 17 }))
  .map(([chunks, beside]) => Math.max(0, chunks * CHUNK + beside));

describe('a sealed document', () => {
  it('opens as the bytes that were put, whatever its size and however it came', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, fc.integer({ min: 1, max: 200_000 }), async (size, step) => {
        const bytes = randomBytes(size);
        async function* inSteps() {
          for (let at = 0; at < size; at += step) yield bytes.subarray(at, at + step);
        }
        const measures = await documents.put(KEY, orderKey, inSteps(), measuresOf(bytes));
        expect(measures).toEqual(measuresOf(bytes));
        expect((await read()).equals(bytes)).toBe(true);
        expect(sealed()).toHaveLength(HEAD + size + 16 * Math.max(1, Math.ceil(size / CHUNK)));
      }),
      { numRuns: 60 },
    );
  });

  it('opens from any byte to any byte', async () => {
    await fc.assert(
      fc.asyncProperty(
        sizes.filter((size) => size > 0),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (size, from, to) => {
          const bytes = randomBytes(size);
          await put(bytes);
          const start = Math.floor(from * (size - 1));
          const end = start + Math.floor(to * (size - 1 - start));
          expect((await read({ start, end })).equals(bytes.subarray(start, end + 1))).toBe(true);
        },
      ),
      { numRuns: 100 },
    );
  });

  it.each([
    [0, CHUNK - 1],
    [CHUNK - 1, CHUNK],
    [CHUNK, 2 * CHUNK - 1],
    [2 * CHUNK, THREE_CHUNKS - 1],
    [THREE_CHUNKS - 1, THREE_CHUNKS - 1],
  ])('opens from %i to %i, along the borders of chunks', async (start, end) => {
    const bytes = randomBytes(THREE_CHUNKS);
    await put(bytes);
    expect((await read({ start, end })).equals(bytes.subarray(start, end + 1))).toBe(true);
  });

  it('reads no more of the store than a range needs', async () => {
    await put(randomBytes(20 * CHUNK));
    store.bytesRead = 0;
    await read({ start: 15 * CHUNK, end: 15 * CHUNK + 10 });
    expect(store.bytesRead).toBeLessThanOrEqual(HEAD + SEALED_CHUNK + 1);
  });

  it('is never stored in clear', async () => {
    const bytes = Buffer.from('Invented Name, 1 Example Street. '.repeat(5_000));
    await put(bytes);
    for (const { 0: word } of bytes
      .subarray(0, 33)
      .toString()
      .matchAll(/\w{4,}/g)) {
      expect(sealed().includes(word)).toBe(false);
    }
  });

  it('is another file each time', async () => {
    const bytes = randomBytes(1_000);
    await put(bytes);
    const first = sealed();
    await put(bytes);
    expect(sealed().subarray(22).equals(first.subarray(22))).toBe(false);
  });

  it('is passed on while it comes, in little memory', async () => {
    let given = 0;
    store.onWrite = (written) => expect(given - written).toBeLessThan(4 * CHUNK);
    async function* source() {
      for (; given < 100 * CHUNK; given += CHUNK) yield randomBytes(CHUNK);
    }
    await documents.put(KEY, orderKey, source(), {});
    store.bytesRead = 0;
    const slow = await documents.open(KEY, orderKey);
    await turn();
    expect(store.bytesRead).toBeLessThan(6 * CHUNK);
    slow.destroy();
  });

  it('lets go of the store when nobody reads on', async () => {
    await put(randomBytes(20 * CHUNK));
    (await documents.open(KEY, orderKey)).destroy();
    await read({ start: 5, end: 10 });
    await read({ start: 3 * CHUNK, end: 3 * CHUNK });
    await turn();
    expect(store.opened.map((each) => each.destroyed)).not.toContain(false);
  });

  it('that is not there is missing', async () => {
    await expect(documents.open(KEY, orderKey)).rejects.toBeInstanceOf(DocumentMissingError);
  });

  it("fails with the store's own error when that breaks", async () => {
    await put(randomBytes(5 * CHUNK));
    const fault = new Error('disk lost');
    store.failAfter = { bytes: 2 * SEALED_CHUNK, fault };
    await expect(read()).rejects.toBe(fault);
  });
});

describe('what was announced', () => {
  const right = randomBytes(CHUNK + 2_000);
  const altered = Buffer.from(right);
  altered.writeUInt8(altered.readUInt8(1_000) ^ 1, 1_000);

  it.each([
    ['too short', right.subarray(0, -1)],
    ['too long', Buffer.concat([right, Buffer.alloc(1)])],
    ['altered by a bit', altered],
    ['empty', Buffer.alloc(0)],
  ])('is of the clear bytes: nothing is stored that is %s', async (_, bytes) => {
    const attempt = documents.put(KEY, orderKey, stream(bytes), measuresOf(right));
    await expect(attempt).rejects.toBeInstanceOf(DocumentMismatchError);
    expect(store.files.size).toBe(0);
  });

  it('is not asked when the source breaks: its error comes through, and nothing is stored', async () => {
    const fault = new Error('connection lost');
    async function* broken(): AsyncIterable<Uint8Array> {
      yield right;
      throw fault;
    }
    await expect(documents.put(KEY, orderKey, broken(), {})).rejects.toBe(fault);
    expect(store.files.size).toBe(0);
  });
});

describe('a stored file that was altered', () => {
  const bytes = randomBytes(THREE_CHUNKS);
  const size = HEAD + THREE_CHUNKS + 3 * 16;
  const flip = (bit: number) => {
    const file = Buffer.from(sealed());
    file.writeUInt8(file.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    store.files.set(KEY, file);
  };

  it('by any bit before its payload is refused, and nothing of it comes out', async () => {
    await put(bytes);
    const whole = sealed();
    for (let bit = 0; bit < HEAD * 8; bit += 1) {
      flip(bit);
      expect(await bytesBeforeRefusal()).toHaveLength(0);
      store.files.set(KEY, whole);
    }
    expect((await read()).equals(bytes)).toBe(true);
  }, 60_000);

  it('by a bit anywhere in its payload is refused, with nothing wrong before', async () => {
    await put(bytes);
    const whole = sealed();
    const anywhere = fc.integer({ min: HEAD * 8, max: size * 8 - 1 });
    const tags = fc
      .tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 127 }))
      .map(([n, bit]) => {
        const chunkEnd = Math.min(size, HEAD + (n + 1) * SEALED_CHUNK);
        return (chunkEnd - 16) * 8 + bit;
      });
    await fc.assert(
      fc.asyncProperty(fc.oneof(anywhere, tags), async (bit) => {
        store.files.set(KEY, whole);
        flip(bit);
        const chunk = Math.floor(((bit >> 3) - HEAD) / SEALED_CHUNK);
        const got = await bytesBeforeRefusal();
        expect(got.equals(bytes.subarray(0, chunk * CHUNK))).toBe(true);
        // The same by ranges: refused where it is altered, right elsewhere.
        for (const n of [0, 1, 2]) {
          const range = { start: n * CHUNK + 5, end: n * CHUNK + 10 };
          if (n === chunk) expect(await bytesBeforeRefusal(range)).toHaveLength(0);
          else {
            const right = bytes.subarray(range.start, range.end + 1);
            expect((await read(range)).equals(right)).toBe(true);
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  it.each([
    0,
    1,
    21,
    168,
    HEAD - 1,
    HEAD,
    HEAD + 15,
    HEAD + 16,
    HEAD + SEALED_CHUNK - 1,
    HEAD + SEALED_CHUNK,
    HEAD + SEALED_CHUNK + 1,
    HEAD + SEALED_CHUNK + 16,
    HEAD + 2 * SEALED_CHUNK,
    HEAD + 2 * SEALED_CHUNK + 16,
    size - 16,
    size - 1,
  ])('by cutting it to %i bytes never ends as if it were whole', async (length) => {
    await put(bytes);
    store.files.set(KEY, sealed().subarray(0, length));
    const got = await bytesBeforeRefusal();
    expect(got.equals(bytes.subarray(0, got.length))).toBe(true);
    const tail = { start: THREE_CHUNKS - 10, end: THREE_CHUNKS - 1 };
    expect(await bytesBeforeRefusal(tail)).toHaveLength(0);
  });

  it.each([
    ['a byte more', (file: Buffer) => [file, Buffer.alloc(1)]],
    ['an empty chunk more', (file: Buffer) => [file, Buffer.alloc(16)]],
    ['its last chunk twice', (file: Buffer) => [file, file.subarray(HEAD + 2 * SEALED_CHUNK)]],
    [
      'two chunks in each other’s place',
      (file: Buffer) => [
        file.subarray(0, HEAD),
        file.subarray(HEAD + SEALED_CHUNK, HEAD + 2 * SEALED_CHUNK),
        file.subarray(HEAD, HEAD + SEALED_CHUNK),
        file.subarray(HEAD + 2 * SEALED_CHUNK),
      ],
    ],
    [
      'a chunk missing within',
      (file: Buffer) => [
        file.subarray(0, HEAD + SEALED_CHUNK),
        file.subarray(HEAD + 2 * SEALED_CHUNK),
      ],
    ],
  ])('to have %s is refused', async (_, alter) => {
    await put(bytes);
    store.files.set(KEY, Buffer.concat(alter(sealed())));
    const got = await bytesBeforeRefusal();
    expect(got.equals(bytes.subarray(0, got.length))).toBe(true);
  });

  it('is refused before its stream is handed out when the fault is in its first 64 KiB', async () => {
    await put(bytes);
    flip((HEAD + 10) * 8);
    await expect(documents.open(KEY, orderKey)).rejects.toBeInstanceOf(DocumentBrokenError);
  });

  it('to be no age file at all is refused', async () => {
    for (const file of [randomBytes(1_000), Buffer.alloc(1_000), Buffer.from('%PDF-1.7')]) {
      store.files.set(KEY, file);
      expect(await bytesBeforeRefusal()).toHaveLength(0);
    }
  });

  it('does not give a range behind its end', async () => {
    await put(randomBytes(100));
    expect(await bytesBeforeRefusal({ start: 100, end: 200 })).toHaveLength(0);
    expect(await bytesBeforeRefusal({ start: 10 * CHUNK, end: 10 * CHUNK })).toHaveLength(0);
  });
});

describe('a stored file at another place', () => {
  it('does not open with the key of another order', async () => {
    await put(randomBytes(100));
    const attempt = documents.open(KEY, randomBytes(32));
    await expect(attempt).rejects.toBeInstanceOf(DocumentBrokenError);
  });

  it('does not open when two orders’ files were swapped, with either key', async () => {
    const other = 'order-2/document-1.pdf';
    const otherKey = randomBytes(32);
    await put(Buffer.from('one'));
    await documents.put(other, otherKey, stream(Buffer.from('two')), {});
    const [first, second] = [sealed(), sealed(other)];
    store.files.set(KEY, second).set(other, first);
    for (const key of [KEY, other]) {
      for (const ofOrder of [orderKey, otherKey]) {
        await expect(documents.open(key, ofOrder)).rejects.toBeInstanceOf(DocumentBrokenError);
      }
    }
  });

  it('does not open when two documents of one order were swapped', async () => {
    const other = 'order-1/document-2.pdf';
    await put(Buffer.from('one'));
    await put(Buffer.from('two'), other);
    const [first, second] = [sealed(), sealed(other)];
    store.files.set(KEY, second).set(other, first);
    for (const key of [KEY, other]) {
      await expect(documents.open(key, orderKey)).rejects.toBeInstanceOf(DocumentBrokenError);
    }
  });
});

describe('the format', () => {
  it('is age: its own library opens a stored file with the document’s identity', async () => {
    for (const size of [0, 1, CHUNK, CHUNK + 1, THREE_CHUNKS]) {
      const bytes = randomBytes(size);
      await put(bytes);
      const decrypter = new Decrypter();
      decrypter.addIdentity(documentIdentity(orderKey, KEY));
      expect(bytes.equals(await decrypter.decrypt(sealed()))).toBe(true);
    }
  });

  it('is age: a file that its own library made for the document’s identity opens', async () => {
    for (const size of [0, 1, CHUNK, CHUNK + 1, THREE_CHUNKS]) {
      const bytes = randomBytes(size);
      const encrypter = new Encrypter();
      encrypter.addRecipient(await identityToRecipient(documentIdentity(orderKey, KEY)));
      store.files.set(KEY, Buffer.from(await encrypter.encrypt(bytes)));
      expect((await read()).equals(bytes)).toBe(true);
    }
  });

  it('derives the identity that it always derived', () => {
    const identity = documentIdentity(Buffer.alloc(32, 7), KEY);
    expect(identity).toMatchInlineSnapshot(
      `"AGE-SECRET-KEY-1AFXY00JJJYTR5UVRAPVXLXK0KNL8AM47LXUMF504UMGVN7RUGFCQRWQ3UM"`,
    );
  });

  it.each([0, 16, 31, 33])('refuses an order’s key of %i bytes', async (length) => {
    const key = randomBytes(length);
    await expect(documents.put(KEY, key, stream(), {})).rejects.toThrow('must be 32 bytes');
    await expect(documents.open(KEY, key)).rejects.toThrow('must be 32 bytes');
  });
});
