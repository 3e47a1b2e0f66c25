import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkedBytes } from '../../../src/documents/checked-bytes.ts';
import { DocumentMismatchError } from '../../../src/documents/document-errors.ts';

const chunks = fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 8 });
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

async function* stream(parts: readonly Uint8Array[]): AsyncIterable<Uint8Array> {
  yield* parts;
}

async function read(
  parts: readonly Uint8Array[],
  expected: { size: number; sha256: string },
): Promise<Buffer> {
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
