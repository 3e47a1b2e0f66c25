import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DocumentStore } from '../../../src/documents/document-store.ts';
import { createFileStore } from '../../../src/documents/file-store.ts';
import { testDocumentStore } from '../../support/document-store-contract.ts';

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

const put = (bytes: Uint8Array, key = KEY) => store.put(key, stream(bytes));
const stored = async (key = KEY) => await buffer(await store.open(key));

/** Lists every file below the outer folder, with relative paths. */
async function files(): Promise<string[]> {
  const entries = await readdir(outer, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(outer, path.join(entry.parentPath, entry.name)))
    .sort();
}

testDocumentStore('file store', () => ({
  store,
  async leftovers(prefix) {
    const found = (await files()).map((file) => path.relative('documents', file));
    return found.filter((key) => key.startsWith(prefix));
  },
}));

describe('file store', () => {
  it('creates files and folders that only its user can read', async () => {
    await put(randomBytes(10_000));
    expect(await files()).toEqual([path.join('documents', KEY)]);
    expect((await stat(path.join(folder, KEY))).mode & 0o077).toBe(0);
    expect((await stat(path.dirname(path.join(folder, KEY)))).mode & 0o077).toBe(0);
  });

  it('keeps the old document until the new one is complete', async () => {
    const [first, second] = [randomBytes(2_000), randomBytes(2_000)];
    await put(first);
    const reader = await store.open(KEY);
    async function* watched(): AsyncIterable<Uint8Array> {
      yield second.subarray(0, 1_000);
      expect((await stored()).equals(first)).toBe(true);
      yield second.subarray(1_000);
    }
    await store.put(KEY, watched());
    expect((await stored()).equals(second)).toBe(true);
    // A reader that opened the old document still reads all of it.
    expect((await buffer(reader)).equals(first)).toBe(true);
  });
});

describe('after a crash', () => {
  it('removes the temporary files of earlier attempts, and nothing of other documents', async () => {
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

describe('remove', () => {
  it('also removes temporary files that a crash left', async () => {
    await put(randomBytes(10));
    await writeFile(path.join(folder, `${KEY}.0123456789ab.part`), 'half');
    await store.remove(KEY);
    expect(await files()).toEqual([]);
  });
});

describe('concurrent uploads', () => {
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
    await expect(store.remove(key)).rejects.toThrow('leaves the folder');
    expect(await files()).toEqual([]);
  });

  it.each(['a\0b', `${'x'.repeat(300)}.pdf`])(
    'that is not a valid file name stores nothing: %j',
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
