import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { takeLock } from './file-lock.mjs';
import { errorCode, StackError } from './stack-error.ts';

/**
 * One way to get a binary into an empty folder, such as a download. Resolves with the binary's path, or
 * with the reason (`why`) that this way failed.
 */
export type ObtainBinary = (folder: string) => Promise<{ path: string } | { why: string }>;

/** The options of {@link obtainIntoCache}. */
export interface CacheOptions {
  /** The program's name in messages. */
  readonly name: string;
  /** This project's cache folder. */
  readonly cacheDir: string;
  readonly signal: AbortSignal;
  /** Returns whether a file is that program and runs on this machine. */
  readonly runs: (file: string) => Promise<boolean>;
  /** Ways to get the binary, in order of preference. */
  readonly obtain: readonly ObtainBinary[];
  /** Receives one line about each step that takes long. */
  readonly notify: (message: string) => void;
  /** Another remedy when the cache cannot be written; the end of an error message. */
  readonly otherwise: string;
  /** Makes the error for the case that every way failed; `reasons` has one entry for each way. */
  readonly noBinary: (reasons: readonly string[]) => StackError;
}

const WAIT_MS = 500;
const UNFINISHED_PREFIX = 'new-';

/**
 * Gets a binary into the cache. When two processes need it at the same time, the second waits for the
 * first.
 *
 * @param cached the binary's path in the cache.
 * @returns the same path.
 * @throws {StackError} every way failed, or the cache cannot be written.
 */
export async function obtainIntoCache(cached: string, options: CacheOptions): Promise<string> {
  const { cacheDir, runs } = options;
  const lock = await waitForLock(options);
  try {
    // The process that held the lock before this one may have installed it.
    if (await runs(cached)) return cached;
    await removeUnfinished(cacheDir);
    const reasons: string[] = [];
    for (const obtain of options.obtain) {
      const folder = await mkdtemp(path.join(cacheDir, UNFINISHED_PREFIX));
      try {
        const result = await obtain(folder);
        options.signal.throwIfAborted();
        if ('why' in result) {
          reasons.push(result.why);
        } else if (await runs(result.path)) {
          // The rename is atomic: no process ever finds a partly written binary in the cache.
          await rename(result.path, cached);
          return cached;
        } else {
          reasons.push(`${path.basename(result.path)} does not run on this machine`);
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

/** Removes the leftovers of a process that was killed while it held the lock. */
async function removeUnfinished(cacheDir: string): Promise<void> {
  for (const name of await readdir(cacheDir)) {
    if (!name.startsWith(UNFINISHED_PREFIX)) continue;
    await rm(path.join(cacheDir, name), { recursive: true, force: true });
  }
}

async function waitForLock({ name, cacheDir, signal, notify, otherwise }: CacheOptions) {
  try {
    await mkdir(cacheDir, { recursive: true });
    let notified = false;
    for (;;) {
      const lock = takeLock(path.join(cacheDir, 'lock'));
      if ('release' in lock) return lock;
      if (!notified) {
        notify(`waiting for ${name}: process ${lock.heldBy} is already getting it`);
        notified = true;
      }
      await sleep(WAIT_MS, undefined, { signal });
    }
  } catch (error) {
    signal.throwIfAborted();
    throw new StackError(
      `the cache folder ${cacheDir} cannot be written (${errorCode(error)}); set XDG_CACHE_HOME to a writable folder${otherwise}`,
    );
  }
}
