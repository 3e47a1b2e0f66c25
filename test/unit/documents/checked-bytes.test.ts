import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Announced,
  checkedBytes,
  type Measures,
} from '../../../src/documents/checked-bytes.ts';
import { EDGE_BYTES } from '../../../src/documents/content-type.ts';
import { DocumentMismatchError } from '../../../src/documents/document-errors.ts';
import { SAMPLES } from './sample-files.ts';

const chunks = fc
  .array(fc.uint8Array({ maxLength: 64 }), { maxLength: 8 })
  .filter((parts) => parts.some(({ length }) => length > 0));
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

async function* stream(parts: readonly Uint8Array[]): AsyncIterable<Uint8Array> {
  yield* parts;
}

/** The return value of the iteration. */
async function measure(parts: readonly Uint8Array[], announced: Announced): Promise<Measures> {
  const checked = checkedBytes(stream(parts), announced);
  for (;;) {
    const { done, value } = await checked.next();
    if (done === true) return value;
  }
}

async function read(parts: readonly Uint8Array[], expected: Announced): Promise<Buffer> {
  const seen: Uint8Array[] = [];
  for await (const chunk of checkedBytes(stream(parts), expected)) seen.push(chunk);
  return Buffer.concat(seen);
}

describe('checkedBytes', () => {
  it('passes the announced bytes through, in chunks of any size', async () => {
    await fc.assert(
      fc.asyncProperty(chunks, async (parts) => {
        const whole = Buffer.concat(parts);
        const seen = await read(parts, { size: whole.length, sha256: sha256(whole) });
        expect(seen.equals(whole)).toBe(true);
      }),
    );
  });

  it('fails for any other size or hash', async () => {
    const off = fc.integer({ min: -64, max: 64 }).filter((by) => by !== 0);
    await fc.assert(
      fc.asyncProperty(chunks, off, async (parts, by) => {
        const whole = Buffer.concat(parts);
        fc.pre(whole.length + by >= 0);
        const right = { size: whole.length, sha256: sha256(whole) };
        const wrongSize = read(parts, { ...right, size: right.size + by });
        await expect(wrongSize).rejects.toBeInstanceOf(DocumentMismatchError);
        const wrongHash = read(parts, { ...right, sha256: sha256(Buffer.from([...whole, 0])) });
        await expect(wrongHash).rejects.toBeInstanceOf(DocumentMismatchError);
      }),
    );
  });

  it('refuses a document that is larger than the limit: as soon as that shows', async () => {
    const parts = [Buffer.alloc(600, 'a'), Buffer.alloc(600, 'b'), Buffer.alloc(600, 'c')];
    let opened = 0;
    async function* counted() {
      for (const part of parts) {
        opened += 1;
        yield part;
      }
    }
    const drain = async (announced: Announced) => {
      opened = 0;
      for await (const _ of checkedBytes(counted(), announced));
    };
    const tooLarge = { code: 'DOCUMENT_TOO_LARGE' };
    await expect(drain({ limitBytes: 1_000 })).rejects.toMatchObject(tooLarge);
    expect(opened).toBe(2);
    await expect(drain({ size: 1_800, limitBytes: 1_000 })).rejects.toMatchObject(tooLarge);
    expect(opened).toBe(0);
    await drain({ limitBytes: 1_800 });
  });

  it('measures the bytes, whatever was announced', async () => {
    await fc.assert(
      fc.asyncProperty(chunks, async (parts) => {
        const whole = Buffer.concat(parts);
        const right = { size: whole.length, sha256: sha256(whole) };
        for (const announced of [{}, { size: right.size }, { sha256: right.sha256 }, right]) {
          expect(await measure(parts, announced)).toMatchObject(right);
        }
      }),
    );
  });

  it.each([{}, { size: 0 }, { size: 7 }, { sha256: sha256(Buffer.alloc(0)) }])(
    'refuses an empty document that was announced as %j',
    async (announced) => {
      for (const parts of [[], [Buffer.alloc(0)], [Buffer.alloc(0), Buffer.alloc(0)]]) {
        await expect(read(parts, announced)).rejects.toMatchObject({
          name: 'DocumentMismatchError',
          code: 'DOCUMENT_EMPTY',
        });
      }
    },
  );

  it('compares the sizes of the samples with another announced size', async () => {
    for (const [, , bytes] of SAMPLES) {
      for (const size of [0, bytes.length - 1, bytes.length + 1]) {
        await expect(read([bytes], { size })).rejects.toMatchObject({ code: 'DOCUMENT_MISMATCH' });
      }
    }
  });

  it('finds the same type in every chunking of a document', async () => {
    const sample = fc.constantFrom(...SAMPLES);
    const cuts = fc.array(fc.integer({ min: 0, max: 6_000 }), { maxLength: 12 });
    const padding = fc.constantFrom(0, 1, EDGE_BYTES, 3 * EDGE_BYTES);
    await fc.assert(
      fc.asyncProperty(sample, cuts, padding, async ([, type, bytes], positions, zeros) => {
        // A PDF may be longer in its middle; an image of another size would need another header.
        const whole =
          type === 'application/pdf'
            ? Buffer.concat([bytes.subarray(0, 9), Buffer.alloc(zeros, '%\n'), bytes.subarray(9)])
            : bytes;
        const sorted = [0, ...positions.sort((a, b) => a - b), whole.length];
        const parts = sorted.map((from, index) => whole.subarray(from, sorted[index + 1]));
        expect(await measure(parts, {})).toEqual({
          size: whole.length,
          sha256: sha256(whole),
          contentType: type,
        });
        expect(
          await measure(
            [...whole].map((byte) => Buffer.of(byte)),
            {},
          ),
        ).toMatchObject({
          contentType: type,
        });
      }),
      { numRuns: 60 },
    );
  });

  it('refuses another type as soon as all bytes are there', async () => {
    const page = Buffer.from('<!DOCTYPE html><title>Sign in</title>');
    for (const parts of [[page], [...page].map((byte) => Buffer.of(byte))]) {
      await expect(read(parts, { contentType: 'application/pdf' })).rejects.toMatchObject({
        code: 'DOCUMENT_WRONG_TYPE',
      });
    }
  });

  it('stops at the first excess byte, and closes its source', async () => {
    let read = 0;
    let closed = false;
    async function* endless(): AsyncIterable<Uint8Array> {
      try {
        for (; read < 1_000; read += 1) yield Buffer.alloc(10);
      } finally {
        closed = true;
      }
    }
    const checked = checkedBytes(endless(), { size: 25, sha256: '' });
    const consume = async () => {
      for await (const chunk of checked) expect(chunk).toHaveLength(10);
    };
    await expect(consume()).rejects.toThrow('longer than announced');
    expect(read).toBe(2);
    expect(closed).toBe(true);
  });

  it("throws its source's own error", async () => {
    const fault = new Error('connection lost');
    async function* broken(): AsyncIterable<Uint8Array> {
      yield Buffer.alloc(1);
      throw fault;
    }
    const consume = async () => {
      for await (const _ of checkedBytes(broken(), { size: 2, sha256: '' }));
    };
    await expect(consume()).rejects.toBe(fault);
  });
});
