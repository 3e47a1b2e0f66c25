import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ObtainBinary } from '../../../sandbox/cached-binary.ts';
import { takeLock } from '../../../sandbox/file-lock.mjs';
import {
  cachedBinary,
  type FindBinaryOptions,
  findTemporalBinary,
} from '../../../sandbox/temporal-binary.ts';
import { temporaryFolderOfTest } from './helpers.ts';

function binary(file: string, content = 'binary'): string {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
  chmodSync(file, 0o755);
  return file;
}

const unobtainable: ObtainBinary = async () => ({ why: 'the network is closed' });

/** Simulates a machine with its own cache folder; `broken` binaries exist, but do not run. */
function machine(given: Partial<FindBinaryOptions> & { broken?: string[] } = {}) {
  const root = temporaryFolderOfTest();
  const said: string[] = [];
  const options: FindBinaryOptions = {
    env: { PATH: path.join(root, 'bin') },
    cacheDir: path.join(root, 'cache'),
    signal: new AbortController().signal,
    runs: async (file) => existsSync(file) && !given.broken?.includes(file),
    obtain: [unobtainable],
    notify: (message) => said.push(message),
    ...given,
  };
  return { root, options, said };
}

describe('prefers', () => {
  test('TEMPORAL_CLI', async () => {
    const { root, options } = machine();
    binary(path.join(root, 'bin/temporal'));
    const chosen = binary(path.join(root, 'mine'));
    const env = { ...options.env, TEMPORAL_CLI: chosen };
    expect(await findTemporalBinary({ ...options, env })).toBe(chosen);
  });

  test('`temporal` on the PATH', async () => {
    const { root, options } = machine();
    binary(cachedBinary(options.cacheDir));
    const installed = binary(path.join(root, 'bin/temporal'));
    expect(await findTemporalBinary(options)).toBe(installed);
  });

  test('the cached copy', async () => {
    const { options } = machine();
    const cached = binary(cachedBinary(options.cacheDir));
    expect(await findTemporalBinary(options)).toBe(cached);
  });

  test('the first way that succeeds, and puts the binary into the cache', async () => {
    const { options } = machine({
      obtain: [
        unobtainable,
        async (folder) => ({ path: binary(path.join(folder, 'temporal'), 'built') }),
        () => Promise.reject(new Error('must not be asked')),
      ],
    });
    expect(await findTemporalBinary(options)).toBe(cachedBinary(options.cacheDir));
    expect(readdirSync(options.cacheDir)).toEqual([path.basename(cachedBinary(options.cacheDir))]);
  });
});

test('rejects a TEMPORAL_CLI that does not run, instead of using another binary', async () => {
  const { root, options } = machine();
  binary(path.join(root, 'bin/temporal'));
  const env = { ...options.env, TEMPORAL_CLI: '/nowhere/temporal' };
  await expect(findTemporalBinary({ ...options, env })).rejects.toThrow(/TEMPORAL_CLI/);
});

test('replaces a cached copy that does not run', async () => {
  const broken: string[] = [];
  const { options } = machine({ broken });
  const cached = binary(cachedBinary(options.cacheDir), 'half');
  broken.push(cached);
  const obtain: ObtainBinary = async (folder) => {
    broken.pop();
    return { path: binary(path.join(folder, 'temporal'), 'whole') };
  };
  expect(await findTemporalBinary({ ...options, obtain: [obtain] })).toBe(cached);
});

test('lists every way to get a binary when all fail, and leaves no unfinished files', async () => {
  const { options } = machine();
  // The leftover of a build that was killed.
  mkdirSync(path.join(options.cacheDir, 'new-abc'), { recursive: true });
  const error = await findTemporalBinary(options).catch((reason: unknown) => reason);
  const message = (error as Error).message;
  for (const way of ['TEMPORAL_ADDRESS', 'TEMPORAL_CLI', 'PATH', 'download', 'Go']) {
    expect(message).toContain(way);
  }
  expect(message).toContain('the network is closed');
  expect(readdirSync(options.cacheDir)).toEqual([]);
});

test('waits for a process that is already building, says so, and uses its binary', async () => {
  const { options, said } = machine({
    obtain: [() => Promise.reject(new Error('must not be asked'))],
  });
  mkdirSync(options.cacheDir, { recursive: true });
  const other = takeLock(path.join(options.cacheDir, 'lock'));
  if ('heldBy' in other) throw new Error('held');
  const found = findTemporalBinary({
    ...options,
    notify(message) {
      options.notify(message);
      binary(cachedBinary(options.cacheDir));
      other.release();
    },
  });
  expect(await found).toBe(cachedBinary(options.cacheDir));
  expect(said).toEqual([expect.stringContaining(`process ${process.pid}`)]);
});

test('stops waiting when the start is cancelled', async () => {
  const cancel = new AbortController();
  const { options } = machine({ signal: cancel.signal });
  mkdirSync(options.cacheDir, { recursive: true });
  takeLock(path.join(options.cacheDir, 'lock'));
  const found = findTemporalBinary({ ...options, notify: () => cancel.abort() });
  await expect(found).rejects.toThrow(/abort/);
});
