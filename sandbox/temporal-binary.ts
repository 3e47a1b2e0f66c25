import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import type { Environment } from '../src/process/config.ts';
import { type ObtainBinary, obtainIntoCache } from './cached-binary.ts';
import { StackError } from './stack-error.ts';

/** The release of Temporal's command line that is fetched or built: Server 1.29.1, UI 2.42.1. */
export const TEMPORAL_CLI_VERSION = 'v1.5.1';

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
  return obtainIntoCache(cached, {
    ...options,
    name: 'Temporal',
    otherwise: ', or TEMPORAL_CLI to a Temporal binary',
    noBinary,
  });
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
