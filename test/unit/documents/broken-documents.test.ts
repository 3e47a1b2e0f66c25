import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { DocumentBrokenError } from '../../../src/documents/document-errors.ts';
import type { ByteRange } from '../../../src/documents/document-store.ts';
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

/** Reads a broken document, and returns the bytes that came out before the error. */
async function bytesBeforeRefusal(range?: ByteRange): Promise<Buffer> {
  const got: Buffer[] = [];
  const consume = async () => {
    for await (const chunk of await rig.documents.open(KEY, rig.orderKey, range)) got.push(chunk);
  };
  await expect(consume()).rejects.toMatchObject({
    name: 'DocumentBrokenError',
    code: 'DOCUMENT_BROKEN',
    message: `document ${KEY} was altered or truncated, or belongs to another order`,
  });
  return Buffer.concat(got);
}

describe('an altered file', () => {
  const bytes = randomBytes(THREE_CHUNKS);
  const size = HEAD + THREE_CHUNKS + 3 * 16;
  const flip = (bit: number) => {
    const file = Buffer.from(rig.sealed());
    file.writeUInt8(file.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    rig.store.files.set(KEY, file);
  };

  it('does not open after a change of any bit before the payload', async () => {
    await rig.put(bytes);
    const whole = rig.sealed();
    for (let bit = 0; bit < HEAD * 8; bit += 1) {
      flip(bit);
      expect(await bytesBeforeRefusal()).toHaveLength(0);
      rig.store.files.set(KEY, whole);
    }
    expect((await rig.read()).equals(bytes)).toBe(true);
  }, 60_000);

  it('fails after a change of any bit in the payload, and returns only correct bytes before', async () => {
    await rig.put(bytes);
    const whole = rig.sealed();
    const anywhere = fc.integer({ min: HEAD * 8, max: size * 8 - 1 });
    const tags = fc
      .tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 127 }))
      .map(([n, bit]) => {
        const chunkEnd = Math.min(size, HEAD + (n + 1) * SEALED_CHUNK);
        return (chunkEnd - 16) * 8 + bit;
      });
    await fc.assert(
      fc.asyncProperty(fc.oneof(anywhere, tags), async (bit) => {
        rig.store.files.set(KEY, whole);
        flip(bit);
        const chunk = Math.floor(((bit >> 3) - HEAD) / SEALED_CHUNK);
        const got = await bytesBeforeRefusal();
        expect(got.equals(bytes.subarray(0, chunk * CHUNK))).toBe(true);
        // Ranges behave the same: they fail at the altered chunk, and are correct elsewhere.
        for (const n of [0, 1, 2]) {
          const range = { start: n * CHUNK + 5, end: n * CHUNK + 10 };
          if (n === chunk) expect(await bytesBeforeRefusal(range)).toHaveLength(0);
          else {
            const right = bytes.subarray(range.start, range.end + 1);
            expect((await rig.read(range)).equals(right)).toBe(true);
          }
        }
      }),
      { numRuns: 150 },
    );
  }, 60_000);

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
  ])('truncated to %i bytes never ends like a whole one', async (length) => {
    await rig.put(bytes);
    rig.store.files.set(KEY, rig.sealed().subarray(0, length));
    const got = await bytesBeforeRefusal();
    expect(got.equals(bytes.subarray(0, got.length))).toBe(true);
    const tail = { start: THREE_CHUNKS - 10, end: THREE_CHUNKS - 1 };
    expect(await bytesBeforeRefusal(tail)).toHaveLength(0);
  });

  it.each([
    ['an extra byte', (file: Buffer) => [file, Buffer.alloc(1)]],
    ['an extra empty chunk', (file: Buffer) => [file, Buffer.alloc(16)]],
    ['its last chunk twice', (file: Buffer) => [file, file.subarray(HEAD + 2 * SEALED_CHUNK)]],
    [
      'two swapped chunks',
      (file: Buffer) => [
        file.subarray(0, HEAD),
        file.subarray(HEAD + SEALED_CHUNK, HEAD + 2 * SEALED_CHUNK),
        file.subarray(HEAD, HEAD + SEALED_CHUNK),
        file.subarray(HEAD + 2 * SEALED_CHUNK),
      ],
    ],
    [
      'a missing chunk in the middle',
      (file: Buffer) => [
        file.subarray(0, HEAD + SEALED_CHUNK),
        file.subarray(HEAD + 2 * SEALED_CHUNK),
      ],
    ],
  ])('with %s fails before it returns a wrong byte', async (_, alter) => {
    await rig.put(bytes);
    rig.store.files.set(KEY, Buffer.concat(alter(rig.sealed())));
    const got = await bytesBeforeRefusal();
    expect(got.equals(bytes.subarray(0, got.length))).toBe(true);
  });

  it('rejects before it returns a stream if the first 64 KiB are altered', async () => {
    await rig.put(bytes);
    flip((HEAD + 10) * 8);
    await expect(rig.documents.open(KEY, rig.orderKey)).rejects.toBeInstanceOf(DocumentBrokenError);
  });

  it('that is not an age file does not open', async () => {
    for (const file of [randomBytes(1_000), Buffer.alloc(1_000), Buffer.from('%PDF-1.7')]) {
      rig.store.files.set(KEY, file);
      expect(await bytesBeforeRefusal()).toHaveLength(0);
    }
  });

  it('does not return a range after its end', async () => {
    await rig.put(randomBytes(100));
    expect(await bytesBeforeRefusal({ start: 100, end: 200 })).toHaveLength(0);
    expect(await bytesBeforeRefusal({ start: 10 * CHUNK, end: 10 * CHUNK })).toHaveLength(0);
  });
});

describe('a file in another place', () => {
  it('does not open with the key of another order', async () => {
    await rig.put(randomBytes(100));
    const attempt = rig.documents.open(KEY, randomBytes(32));
    await expect(attempt).rejects.toBeInstanceOf(DocumentBrokenError);
  });

  it('does not open after the files of two orders were swapped', async () => {
    const other = 'order-2/document-1.pdf';
    const otherKey = randomBytes(32);
    await rig.put(Buffer.from('one'));
    await rig.documents.put(other, otherKey, stream(Buffer.from('two')), {});
    const [first, second] = [rig.sealed(), rig.sealed(other)];
    rig.store.files.set(KEY, second).set(other, first);
    for (const key of [KEY, other]) {
      for (const ofOrder of [rig.orderKey, otherKey]) {
        await expect(rig.documents.open(key, ofOrder)).rejects.toBeInstanceOf(DocumentBrokenError);
      }
    }
  });

  it('does not open after two documents of one order were swapped', async () => {
    const other = 'order-1/document-2.pdf';
    await rig.put(Buffer.from('one'));
    await rig.put(Buffer.from('two'), other);
    const [first, second] = [rig.sealed(), rig.sealed(other)];
    rig.store.files.set(KEY, second).set(other, first);
    for (const key of [KEY, other]) {
      await expect(rig.documents.open(key, rig.orderKey)).rejects.toBeInstanceOf(
        DocumentBrokenError,
      );
    }
  });
});
