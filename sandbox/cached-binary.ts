import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { takeLock } from './file-lock.mjs';
import { errorCode, StackError } from './stack-error.ts';

/**
 * A way to get a binary into an empty folder. Resolves with its path, or with `why` there is none.
 */
export type ObtainBinary = (folder: string) => Promise<{ path: string } | { why: string }>;

/** What {@link obtainIntoCache} works with. */
export interface CacheOptions {
  /** Names the program to people. */
  readonly name: string;
  /** This project's cache folder. */
  readonly cacheDir: string;
  readonly signal: AbortSignal;
  /** Tells whether a file is that program and runs here. */
  readonly runs: (file: string) => Promise<boolean>;
  /** Ways to get one, the best first. */
  readonly obtain: readonly ObtainBinary[];
  /** Hears in one line what takes time, and why. */
  readonly tell: (message: string) => void;
  /** What helps as well when the cache cannot be written; the end of a sentence. */
  readonly otherwise: string;
  /** The error for when no way works; `reasons` has one for each. */
  readonly noBinary: (reasons: readonly string[]) => StackError;
}

const WAIT_MS = 500;
const HALF_MADE = 'new-';

/**
 * Gets a binary into the cache. Two processes that need one at once don't get it twice: the second
 * waits.
 *
 * @param cached where it is kept.
 * @returns the same.
 * @throws {StackError} no way worked, or the cache cannot be written.
 */
export async function obtainIntoCache(cached: string, options: CacheOptions): Promise<string> {
  const { cacheDir, runs } = options;
  const lock = await waitForLock(options);
  try {
    // Whoever held the lock before may have brought it.
    if (await runs(cached)) return cached;
    await removeHalfMade(cacheDir);
    const reasons: string[] = [];
    for (const obtain of options.obtain) {
      const folder = await mkdtemp(path.join(cacheDir, HALF_MADE));
      try {
        const result = await obtain(folder);
        options.signal.throwIfAborted();
        if ('why' in result) {
          reasons.push(result.why);
        } else if (await runs(result.path)) {
          // Renamed into place, so that a half-written binary is never found there.
          await rename(result.path, cached);
          return cached;
        } else {
          reasons.push(`${path.basename(result.path)} was made, but does not run here`);
        }
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    }
    throw options.noBinary(reasons);
  } finally {
    lock.release();
  }
}

/** What a process left that was killed while it held the lock. */
async function removeHalfMade(cacheDir: string): Promise<void> {
  for (const name of await readdir(cacheDir)) {
    if (!name.startsWith(HALF_MADE)) continue;
    await rm(path.join(cacheDir, name), { recursive: true, force: true });
  }
}

async function waitForLock({ name, cacheDir, signal, tell, otherwise }: CacheOptions) {
  try {
    await mkdir(cacheDir, { recursive: true });
    let told = false;
    for (;;) {
      const lock = takeLock(path.join(cacheDir, 'lock'));
      if ('release' in lock) return lock;
      if (!told) {
        tell(`waiting for ${name}: process ${lock.heldBy} gets a binary already`);
        told = true;
      }
      await sleep(WAIT_MS, undefined, { signal });
    }
  } catch (error) {
    signal.throwIfAborted();
    throw new StackError(
      `the cache folder ${cacheDir} cannot be written (${errorCode(error)}); set XDG_CACHE_HOME to a folder that can${otherwise}`,
    );
  }
}
