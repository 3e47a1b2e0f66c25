import { access, constants, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Environment } from '../config.ts';
import { takeLock } from './file-lock.mjs';
import { errorCode, StackError } from './stack-error.ts';

/** The release of Temporal's command line that is fetched or built: Server 1.29.1, UI 2.42.1. */
export const TEMPORAL_CLI_VERSION = 'v1.5.1';

/**
 * A way to get the binary into an empty folder. Resolves with its path, or with `why` there is none.
 */
export type ObtainBinary = (folder: string) => Promise<{ path: string } | { why: string }>;

/** What {@link findTemporalBinary} works with. */
export interface FindBinaryOptions {
  readonly env: Environment;
  /** This project's cache folder. */
  readonly cacheDir: string;
  readonly signal: AbortSignal;
  /** Tells whether a file is a Temporal command line that runs here. */
  readonly runs: (file: string) => Promise<boolean>;
  /** Ways to get one that is nowhere yet, the best first. */
  readonly obtain: readonly ObtainBinary[];
  /** Hears in one line what takes time, and why. */
  readonly tell: (message: string) => void;
}

const EXE = process.platform === 'win32' ? '.exe' : '';
const WAIT_MS = 500;
const HALF_MADE = 'new-';

/** Where the fetched or built binary is kept. */
export function cachedBinary(cacheDir: string): string {
  return path.join(cacheDir, `temporal-${TEMPORAL_CLI_VERSION}${EXE}`);
}

/**
 * Finds the binary of Temporal's development server, in the design's order: `TEMPORAL_CLI`, `temporal`
 * on `PATH`, the cached copy; else it gets one into the cache. Two processes that need one at once
 * don't get it twice: the second waits.
 *
 * @returns the binary's path.
 * @throws {StackError} there is none; names every way to get one.
 */
export async function findTemporalBinary(options: FindBinaryOptions): Promise<string> {
  const { env, cacheDir, runs } = options;
  if (env.TEMPORAL_CLI) {
    if (await runs(env.TEMPORAL_CLI)) return env.TEMPORAL_CLI;
    throw new StackError(
      `TEMPORAL_CLI ${env.TEMPORAL_CLI} is not a Temporal command line that runs here; set it to one, or unset it`,
    );
  }
  const installed = await onPath(env, runs);
  if (installed !== undefined) return installed;
  const cached = cachedBinary(cacheDir);
  if (await runs(cached)) return cached;
  return fillCache(options, cached);
}

async function onPath(
  env: Environment,
  runs: FindBinaryOptions['runs'],
): Promise<string | undefined> {
  for (const folder of (env.PATH ?? '').split(path.delimiter)) {
    if (!path.isAbsolute(folder)) continue;
    const file = path.join(folder, `temporal${EXE}`);
    if ((await isExecutable(file)) && (await runs(file))) return file;
  }
  return undefined;
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function fillCache(options: FindBinaryOptions, cached: string): Promise<string> {
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
    throw noBinary(reasons);
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

async function waitForLock({ cacheDir, signal, tell }: FindBinaryOptions) {
  try {
    await mkdir(cacheDir, { recursive: true });
    let told = false;
    for (;;) {
      const lock = takeLock(path.join(cacheDir, 'lock'));
      if ('release' in lock) return lock;
      if (!told) {
        tell(`waiting for process ${lock.heldBy}, which gets the Temporal binary already`);
        told = true;
      }
      await sleep(WAIT_MS, undefined, { signal });
    }
  } catch (error) {
    signal.throwIfAborted();
    throw new StackError(
      `the cache folder ${cacheDir} cannot be written (${errorCode(error)}); set XDG_CACHE_HOME to a folder that can, or TEMPORAL_CLI to a Temporal binary`,
    );
  }
}

function noBinary(reasons: readonly string[]): StackError {
  return new StackError(
    [
      'no Temporal development server to be had:',
      ...reasons.map((reason) => `  - ${reason}`),
      'any one of these helps:',
      '  - TEMPORAL_ADDRESS=host:port   use a Temporal server that runs',
      '  - TEMPORAL_CLI=/path/temporal  use a Temporal binary (docs.temporal.io/cli)',
      '  - put `temporal` on the PATH',
      '  - go online, so that it can be downloaded',
      `  - install Go (go.dev/dl), so that it can be built: about 5 minutes, once`,
    ].join('\n'),
  );
}
