import { createHash, randomBytes } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { Decrypter, Encrypter, identityToRecipient } from 'age-encryption';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { documentIdentity } from '../../../src/documents/age-header.ts';
import {
  DocumentMismatchError,
  DocumentMissingError,
} from '../../../src/documents/document-errors.ts';
import {
  CHUNK,
  createSealedRig,
  HEAD,
  KEY,
  SEALED_CHUNK,
  type SealedRig,
  stream,
  THREE_CHUNKS,
} from '../../support/sealed-rig.ts';

let rig: SealedRig;
beforeEach(() => {
  rig = createSealedRig();
});

const measuresOf = (bytes: Uint8Array) => ({
  size: bytes.length,
  sha256: createHash('sha256').update(bytes).digest('hex'),
  contentType: 'application/octet-stream',
});
/** Sizes around chunk boundaries. */
const sizes = fc
  .tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: -17, max: 17 }))
  .map(([chunks, offset]) => Math.max(1, chunks * CHUNK + offset));

describe('a sealed document', () => {
  it('returns the stored bytes, for every size and chunking of the source', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, fc.integer({ min: 1, max: 200_000 }), async (size, step) => {
        const bytes = randomBytes(size);
        async function* inSteps() {
          for (let at = 0; at < size; at += step) yield bytes.subarray(at, at + step);
        }
        const measures = await rig.documents.put(KEY, rig.orderKey, inSteps(), measuresOf(bytes));
        expect(measures).toEqual(measuresOf(bytes));
        expect((await rig.read()).equals(bytes)).toBe(true);
        expect(rig.sealed()).toHaveLength(HEAD + size + 16 * Math.max(1, Math.ceil(size / CHUNK)));
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  it('opens with any range', async () => {
    await fc.assert(
      fc.asyncProperty(
        sizes,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (size, from, to) => {
          const bytes = randomBytes(size);
          await rig.put(bytes);
          const start = Math.floor(from * (size - 1));
          const end = start + Math.floor(to * (size - 1 - start));
          expect((await rig.read({ start, end })).equals(bytes.subarray(start, end + 1))).toBe(
            true,
          );
        },
      ),
      { numRuns: 100 },
    );
  }, 60_000);

  it.each([
    [0, CHUNK - 1],
    [CHUNK - 1, CHUNK],
    [CHUNK, 2 * CHUNK - 1],
    [2 * CHUNK, THREE_CHUNKS - 1],
    [THREE_CHUNKS - 1, THREE_CHUNKS - 1],
  ])('opens from %i to %i, around chunk boundaries', async (start, end) => {
    const bytes = randomBytes(THREE_CHUNKS);
    await rig.put(bytes);
    expect((await rig.read({ start, end })).equals(bytes.subarray(start, end + 1))).toBe(true);
  });

  it('reads only as much from the store as a range needs', async () => {
    await rig.put(randomBytes(20 * CHUNK));
    rig.store.bytesRead = 0;
    await rig.read({ start: 15 * CHUNK, end: 15 * CHUNK + 10 });
    expect(rig.store.bytesRead).toBeLessThanOrEqual(HEAD + SEALED_CHUNK + 1);
  });

  it('is never stored in clear text', async () => {
    const bytes = Buffer.from('Invented Name, 1 Example Street. '.repeat(5_000));
    await rig.put(bytes);
    for (const { 0: word } of bytes
      .subarray(0, 33)
      .toString()
      .matchAll(/\w{4,}/g)) {
      expect(rig.sealed().includes(word)).toBe(false);
    }
  });

  it('is a different file each time it is stored', async () => {
    const bytes = randomBytes(1_000);
    await rig.put(bytes);
    const first = rig.sealed();
    await rig.put(bytes);
    expect(rig.sealed().subarray(22).equals(first.subarray(22))).toBe(false);
  });

  it('streams in little memory', async () => {
    let given = 0;
    rig.store.onWrite = (written) => expect(given - written).toBeLessThan(4 * CHUNK);
    async function* source() {
      for (; given < 100 * CHUNK; given += CHUNK) yield randomBytes(CHUNK);
    }
    await rig.documents.put(KEY, rig.orderKey, source(), {});
    rig.store.bytesRead = 0;
    const slow = await rig.documents.open(KEY, rig.orderKey);
    await turn();
    expect(rig.store.bytesRead).toBeLessThan(6 * CHUNK);
    slow.destroy();
  });

  it('closes the stream of the store when the reader stops', async () => {
    await rig.put(randomBytes(20 * CHUNK));
    (await rig.documents.open(KEY, rig.orderKey)).destroy();
    await rig.read({ start: 5, end: 10 });
    await rig.read({ start: 3 * CHUNK, end: 3 * CHUNK });
    await turn();
    expect(rig.store.opened.map((each) => each.destroyed)).not.toContain(false);
  });

  it('that does not exist is reported as missing', async () => {
    await expect(rig.documents.open(KEY, rig.orderKey)).rejects.toBeInstanceOf(
      DocumentMissingError,
    );
  });

  it("fails with the store's own error", async () => {
    await rig.put(randomBytes(5 * CHUNK));
    const fault = new Error('disk lost');
    rig.store.failAfter = { bytes: 2 * SEALED_CHUNK, fault };
    await expect(rig.read()).rejects.toBe(fault);
  });
});

describe('the announcement', () => {
  const right = randomBytes(CHUNK + 2_000);
  const altered = Buffer.from(right);
  altered.writeUInt8(altered.readUInt8(1_000) ^ 1, 1_000);

  it.each([
    ['too short', right.subarray(0, -1)],
    ['too long', Buffer.concat([right, Buffer.alloc(1)])],
    ['altered by a bit', altered],
    ['empty', Buffer.alloc(0)],
  ])('applies to the clear text: a document that is %s is not stored', async (_, bytes) => {
    const attempt = rig.documents.put(KEY, rig.orderKey, stream(bytes), measuresOf(right));
    await expect(attempt).rejects.toBeInstanceOf(DocumentMismatchError);
    expect(rig.store.files.size).toBe(0);
  });

  it('is not checked if the source fails: its error is thrown, and nothing is stored', async () => {
    const fault = new Error('connection lost');
    async function* broken(): AsyncIterable<Uint8Array> {
      yield right;
      throw fault;
    }
    await expect(rig.documents.put(KEY, rig.orderKey, broken(), {})).rejects.toBe(fault);
    expect(rig.store.files.size).toBe(0);
  });
});

describe('the format', () => {
  it('is age: the age library opens a stored file with the document’s identity', async () => {
    for (const size of [1, CHUNK, CHUNK + 1, THREE_CHUNKS]) {
      const bytes = randomBytes(size);
      await rig.put(bytes);
      const decrypter = new Decrypter();
      decrypter.addIdentity(documentIdentity(rig.orderKey, KEY));
      expect(bytes.equals(await decrypter.decrypt(rig.sealed()))).toBe(true);
    }
  });

  it('is age: a file that the age library made for the document’s identity opens', async () => {
    for (const size of [0, 1, CHUNK, CHUNK + 1, THREE_CHUNKS]) {
      const bytes = randomBytes(size);
      const encrypter = new Encrypter();
      encrypter.addRecipient(await identityToRecipient(documentIdentity(rig.orderKey, KEY)));
      rig.store.files.set(KEY, Buffer.from(await encrypter.encrypt(bytes)));
      expect((await rig.read()).equals(bytes)).toBe(true);
    }
  });

  it('derives the same identity as in earlier versions', () => {
    const identity = documentIdentity(Buffer.alloc(32, 7), KEY);
    expect(identity).toMatchInlineSnapshot(
      `"AGE-SECRET-KEY-1AFXY00JJJYTR5UVRAPVXLXK0KNL8AM47LXUMF504UMGVN7RUGFCQRWQ3UM"`,
    );
  });

  it.each([0, 16, 31, 33])('refuses an order’s key of %i bytes', async (length) => {
    const key = randomBytes(length);
    await expect(rig.documents.put(KEY, key, stream(), {})).rejects.toThrow('must be 32 bytes');
    await expect(rig.documents.open(KEY, key)).rejects.toThrow('must be 32 bytes');
  });
});
