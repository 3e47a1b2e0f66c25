import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DocumentMismatchError, DocumentMissingError } from '../../../src/documents/errors.ts';
import { createFileStore } from '../../../src/documents/file-store.ts';
import type { DocumentStore } from '../../../src/documents/store.ts';

const KEY = 'order-1/document-1.pdf';

let outer: string;
let folder: string;
let store: DocumentStore;

beforeEach(async () => {
  outer = await mkdtemp(path.join(tmpdir(), 'rx-file-store-'));
  folder = path.join(outer, 'documents');
  store = createFileStore(folder);
});
afterEach(() => rm(outer, { recursive: true }));

async function* stream(...parts: Uint8Array[]): AsyncIterable<Uint8Array> {
  yield* parts;
}

function announced(bytes: Uint8Array): { size: number; sha256: string } {
  return { size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

const put = (bytes: Uint8Array, key = KEY) => store.put(key, stream(bytes), announced(bytes));
const stored = async (key = KEY) => await buffer(await store.open(key));

/** Every file below the outer folder, from there. */
async function files(): Promise<string[]> {
  const entries = await readdir(outer, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(outer, path.join(entry.parentPath, entry.name)))
    .sort();
}

describe('file store', () => {
  it('gives back the bytes that were put, and keeps them to its own user', async () => {
    const bytes = randomBytes(10_000);
    await put(bytes);
    expect((await stored()).equals(bytes)).toBe(true);
    expect(await files()).toEqual([path.join('documents', KEY)]);
    expect((await stat(path.join(folder, KEY))).mode & 0o077).toBe(0);
    expect((await stat(path.dirname(path.join(folder, KEY)))).mode & 0o077).toBe(0);
  });

  it('stores an empty document', async () => {
    await put(Buffer.alloc(0));
    expect(await stored()).toHaveLength(0);
  });

  it('has nothing under a key that was never put', async () => {
    await expect(store.open(KEY)).rejects.toBeInstanceOf(DocumentMissingError);
  });

  it('shows a document only when it is whole', async () => {
    const bytes = randomBytes(3_000);
    async function* watched(): AsyncIterable<Uint8Array> {
      for (let at = 0; at < bytes.length; at += 1_000) {
        yield bytes.subarray(at, at + 1_000);
        await expect(store.open(KEY)).rejects.toBeInstanceOf(DocumentMissingError);
      }
    }
    await store.put(KEY, watched(), announced(bytes));
    expect((await stored()).equals(bytes)).toBe(true);
  });

  it('keeps the old document readable until the new one is whole', async () => {
    const [first, second] = [randomBytes(2_000), randomBytes(2_000)];
    await put(first);
    const reader = await store.open(KEY);
    async function* watched(): AsyncIterable<Uint8Array> {
      yield second.subarray(0, 1_000);
      expect((await stored()).equals(first)).toBe(true);
      yield second.subarray(1_000);
    }
    await store.put(KEY, watched(), announced(second));
    expect((await stored()).equals(second)).toBe(true);
    // Who opened the first one still reads all of it.
    expect((await buffer(reader)).equals(first)).toBe(true);
  });

  it('changes nothing when the same document is put again', async () => {
    const bytes = randomBytes(500);
    await put(bytes);
    await put(bytes);
    expect((await stored()).equals(bytes)).toBe(true);
    expect(await files()).toEqual([path.join('documents', KEY)]);
  });

  it('streams a document of 20 MB', async () => {
    const chunk = randomBytes(64 * 1024);
    const parts = Array.from({ length: 320 }, () => chunk);
    const expected = announced(Buffer.concat(parts));
    await store.put(KEY, stream(...parts), expected);
    expect(announced(await readFile(path.join(folder, KEY)))).toEqual(expected);
  });
});

describe('a document that is not what was announced', () => {
  const right = randomBytes(2_000);
  const altered = Buffer.from(right);
  altered.writeUInt8(altered.readUInt8(1_000) ^ 1, 1_000);

  it.each([
    ['too short', right.subarray(0, 1_999)],
    ['too long', Buffer.concat([right, Buffer.alloc(1)])],
    ['altered by a bit', altered],
    ['empty', Buffer.alloc(0)],
  ])('leaves no file when it is %s', async (_, bytes) => {
    const attempt = store.put(KEY, stream(bytes), announced(right));
    await expect(attempt).rejects.toBeInstanceOf(DocumentMismatchError);
    await expect(store.open(KEY)).rejects.toBeInstanceOf(DocumentMissingError);
    expect(await files()).toEqual([]);
  });

  it('leaves the document that is there as it is', async () => {
    await put(right);
    const attempt = store.put(KEY, stream(altered), announced(right));
    await expect(attempt).rejects.toBeInstanceOf(DocumentMismatchError);
    expect((await stored()).equals(right)).toBe(true);
    expect(await files()).toEqual([path.join('documents', KEY)]);
  });

  it('leaves no file when its source breaks, and throws the source’s error', async () => {
    const fault = new Error('connection lost');
    async function* broken(): AsyncIterable<Uint8Array> {
      yield right.subarray(0, 1_000);
      throw fault;
    }
    await expect(store.put(KEY, broken(), announced(right))).rejects.toBe(fault);
    expect(await files()).toEqual([]);
  });
});

describe('after a crash', () => {
  it('removes what earlier attempts left, and nothing of other documents', async () => {
    const directory = path.dirname(path.join(folder, KEY));
    await mkdir(directory, { recursive: true });
    const name = path.basename(KEY);
    await writeFile(path.join(directory, `${name}.0123456789ab.part`), 'half');
    await writeFile(path.join(directory, `${name}.ba9876543210.part`), 'half');
    await writeFile(path.join(directory, 'document-2.pdf'), 'whole');
    await writeFile(path.join(directory, 'document-2.pdf.0123456789ab.part'), 'half');
    await put(randomBytes(100));
    expect((await readdir(directory)).sort()).toEqual([
      'document-1.pdf',
      'document-2.pdf',
      'document-2.pdf.0123456789ab.part',
    ]);
  });
});

describe('attempts at once', () => {
  it('end with the right bytes under one key, and nothing beside them', async () => {
    const bytes = randomBytes(200_000);
    // One attempt may take another's temporary file away: that one fails and is repeated.
    const attempts = await Promise.allSettled(Array.from({ length: 8 }, () => put(bytes)));
    expect(attempts.some(({ status }) => status === 'fulfilled')).toBe(true);
    expect((await stored()).equals(bytes)).toBe(true);
    expect(await files()).toEqual([path.join('documents', KEY)]);
  });

  it('do not disturb each other under different keys of one order', async () => {
    const documents = Array.from({ length: 8 }, (_, i) => ({
      key: `order-1/document-${i}.pdf`,
      bytes: randomBytes(50_000),
    }));
    await Promise.all(documents.map(({ key, bytes }) => put(bytes, key)));
    for (const { key, bytes } of documents) expect((await stored(key)).equals(bytes)).toBe(true);
  });
});

describe('a key', () => {
  it.each([
    '../outside',
    'a/../../outside',
    '/etc/outside',
    '..',
    '.',
    '',
    'a/..',
    '../documents-2/x',
  ])('that leaves the folder is refused: %j', async (key) => {
    await expect(put(Buffer.from('x'), key)).rejects.toThrow('leaves the folder');
    await expect(store.open(key)).rejects.toThrow('leaves the folder');
    expect(await files()).toEqual([]);
  });

  it.each(['a\0b', `${'x'.repeat(300)}.pdf`])(
    'that is no file name stores nothing: %j',
    async (key) => {
      await expect(put(Buffer.from('x'), key)).rejects.toThrow();
      expect(await files()).toEqual([]);
    },
  );

  it.each(['..\\outside', 'a b/ü😀.pdf', '%2e%2e/outside', '...', '-rf', '$(id)', 'a\nb'])(
    'that only looks hostile stays in the folder: %j',
    async (key) => {
      await put(Buffer.from('x'), key);
      expect((await stored(key)).toString()).toBe('x');
      const [file, ...others] = await files();
      expect(file?.startsWith(`documents${path.sep}`)).toBe(true);
      expect(others).toEqual([]);
    },
  );
});
