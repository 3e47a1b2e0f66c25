import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Marker, needlesOf } from '../../../../scripts/canaries/needles.ts';
import { Needles } from '../../../../scripts/canaries/search-bytes.ts';
import { searchFolder } from '../../../../scripts/canaries/search-folder.ts';
import { searchBytes } from '../../../../scripts/canaries/search-stream.ts';

const MARKERS: Marker[] = [
  { field: 'order.diagnosis', text: 'Diagnosis 7f3a+ “q” é' },
  { field: 'patient.phoneNumber', text: '+1 702 555 8142' },
  { field: 'patient.lastName', text: 'Zq81vXk2>?~' },
];
const needles = new Needles(MARKERS.flatMap(needlesOf));

/** Encodings of a text as programs write them, made without the code under test. */
const WRITERS: Record<string, (text: string, before: string, after: string) => Buffer> = {
  'UTF-8': (...parts) => Buffer.from(joined(parts)),
  base64: (...parts) => Buffer.from(Buffer.from(joined(parts)).toString('base64')),
  base64url: (...parts) => Buffer.from(Buffer.from(joined(parts)).toString('base64url')),
  hex: (...parts) => Buffer.from(Buffer.from(joined(parts)).toString('hex')),
  'upper-case hex': (...parts) =>
    Buffer.from(Buffer.from(joined(parts)).toString('hex').toUpperCase()),
  'URL-encoding': (...parts) => Buffer.from(encodeURIComponent(joined(parts))),
  'form encoding': (...parts) => Buffer.from(new URLSearchParams({ q: joined(parts) }).toString()),
  'percent signs throughout': (...parts) =>
    Buffer.from([...Buffer.from(joined(parts))].map((byte) => `%${hex(byte, 2)}`).join('')),
  'JSON escapes throughout': (...parts) =>
    Buffer.from([...joined(parts)].map((char) => `\\u${hex(char.charCodeAt(0), 4)}`).join('')),
  JSON: (...parts) => Buffer.from(JSON.stringify({ a: joined(parts) })),
  'JSON in JSON': (...parts) => Buffer.from(JSON.stringify(JSON.stringify({ a: joined(parts) }))),
  'ASCII-only JSON': (...parts) =>
    Buffer.from(joined(parts).replace(/[^ -~]/g, (char) => `\\u${hex(char.charCodeAt(0), 4)}`)),
  'UTF-16LE': (...parts) => Buffer.from(joined(parts), 'utf16le'),
  'UTF-16BE': (...parts) => Buffer.from(joined(parts), 'utf16le').swap16(),
};

function joined([text = '', before = '', after = '']: string[]): string {
  return before + text + after;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}

const noise = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
const neighbours = fc.string({ maxLength: 9 });

describe('a marker in any bytes', () => {
  it.each(Object.entries(WRITERS))('is found in %s, in any position', async (_, write) => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...MARKERS),
        neighbours,
        neighbours,
        noise,
        noise,
        async (marker, before, after, left, right) => {
          const bytes = Buffer.concat([left, write(marker.text, before, after), right]);
          const { hits } = await searchBytes(bytes, needles);
          expect(hits.map(({ field }) => field)).toContain(marker.field);
        },
      ),
    );
  });

  it.each([
    ['gzip', gzipSync],
    ['zlib', deflateSync],
  ])('is found in a %s stream among other bytes', async (_, compress) => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...MARKERS),
        fc.integer({ min: 1, max: 9 }),
        noise,
        noise,
        async (marker, level, left, right) => {
          const content = Buffer.concat([right, Buffer.from(marker.text), left]);
          const bytes = Buffer.concat([left, compress(content, { level }), right]);
          const hits = (await searchBytes(bytes, needles)).hits;
          expect(hits).toContainEqual({ field: marker.field, encoding: 'utf-8', compressed: true });
        },
      ),
    );
  });

  it('is found once, however the bytes are split into chunks', () => {
    fc.assert(
      fc.property(
        noise,
        noise,
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }),
        (left, right, sizes) => {
          const [marker] = MARKERS as [Marker];
          const bytes = Buffer.concat([left, Buffer.from(marker.text), right]);
          const stream = needles.start();
          const found = [];
          for (let at = 0, nth = 0; at < bytes.length; nth += 1) {
            const size = sizes[nth % sizes.length] ?? 1;
            found.push(...stream.push(bytes.subarray(at, at + size)));
            at += size;
          }
          expect(found.map((needle) => needle.marker)).toEqual([marker]);
        },
      ),
    );
  });

  it('is found after a stream that is cut short or damaged', async () => {
    const [marker] = MARKERS as [Marker];
    const filler = Buffer.from(Array.from({ length: 99_999 }, (_, n) => (n * n * 31 + n) % 251));
    const whole = gzipSync(Buffer.concat([Buffer.from(marker.text), filler]));
    const hit = { field: marker.field, encoding: 'utf-8', compressed: true };
    const cut = whole.subarray(0, whole.length - 9);
    expect((await searchBytes(cut, needles)).hits).toEqual([hit]);
    const damaged = Buffer.concat([whole.subarray(0, whole.length / 2), Buffer.alloc(999, 0xff)]);
    expect((await searchBytes(damaged, needles)).hits).toEqual([hit]);
  });
});

it('finds nothing in bytes without a marker', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 9_999 }), async (bytes) => {
      expect(await searchBytes(Buffer.from(bytes), needles)).toEqual({
        bytes: bytes.length,
        hits: [],
      });
    }),
  );
});

it('refuses a marker that could occur by chance', () => {
  expect(() => needlesOf({ field: 'address.state', text: 'NV' })).toThrow('address.state');
});

describe('a folder', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'rx-canaries-test-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is searched file by file, also across the borders of two reads', async () => {
    const [marker] = MARKERS as [Marker];
    const border = 4 * 1024 * 1024;
    const large = Buffer.alloc(2 * border);
    large.write(marker.text, border - 3);
    gzipSync(marker.text).copy(large, 2 * border - 100);
    await writeFile(path.join(folder, 'large'), large);
    await writeFile(path.join(folder, 'clean'), 'nothing');
    await writeFile(path.join(folder, 'skipped'), marker.text);

    const found = [];
    for await (const file of searchFolder(folder, needles, new Set(['skipped']))) found.push(file);
    expect(found).toEqual([
      { file: 'clean', bytes: 7, hits: [] },
      {
        file: 'large',
        bytes: large.length,
        hits: [
          { field: marker.field, encoding: 'utf-8', compressed: false },
          { field: marker.field, encoding: 'utf-8', compressed: true },
        ],
      },
    ]);
  });
});
