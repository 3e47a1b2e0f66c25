import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import type { Environment } from '../src/process/config.ts';
import { type ObtainBinary, obtainIntoCache } from './cached-binary.ts';
import { StackError } from './stack-error.ts';

/** The release of the Temporal CLI that is downloaded or built: Server 1.29.1, UI 2.42.1. */
export const TEMPORAL_CLI_VERSION = 'v1.5.1';

/** The options of {@link findTemporalBinary}. */
export interface FindBinaryOptions {
  readonly env: Environment;
  /** This project's cache folder. */
  readonly cacheDir: string;
  readonly signal: AbortSignal;
  /** Returns whether a file is a Temporal CLI that runs on this machine. */
  readonly runs: (file: string) => Promise<boolean>;
  /** Ways to get the binary when it is not found, in order of preference. */
  readonly obtain: readonly ObtainBinary[];
  /** Receives one line about each step that takes long. */
  readonly notify: (message: string) => void;
}

const EXE = process.platform === 'win32' ? '.exe' : '';

/** Returns the path of the downloaded or built binary in the cache. */
export function cachedBinary(cacheDir: string): string {
  return path.join(cacheDir, `temporal-${TEMPORAL_CLI_VERSION}${EXE}`);
}

/**
 * Finds the binary of Temporal's development server, in this order: `TEMPORAL_CLI`, `temporal` on
 * `PATH`, the cached copy. When there is none, it gets one into the cache; when two processes need it at
 * the same time, the second waits for the first.
 *
 * @returns the binary's path.
 * @throws {StackError} no binary was found, and every way to get one failed; the message lists the ways.
 */
export async function findTemporalBinary(options: FindBinaryOptions): Promise<string> {
  const { env, cacheDir, runs } = options;
  if (env.TEMPORAL_CLI) {
    if (await runs(env.TEMPORAL_CLI)) return env.TEMPORAL_CLI;
    throw new StackError(
      `TEMPORAL_CLI ${env.TEMPORAL_CLI} is not a Temporal CLI that runs on this machine; set it to one, or unset it`,
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
      'no Temporal development server was found, and getting one failed:',
      ...reasons.map((reason) => `  - ${reason}`),
      'do one of the following:',
      '  - set TEMPORAL_ADDRESS=host:port to use a running Temporal server',
      '  - set TEMPORAL_CLI=/path/temporal to use a Temporal binary (docs.temporal.io/cli)',
      '  - put `temporal` on the PATH',
      '  - go online, so that it can be downloaded',
      '  - install Go (go.dev/dl), so that it can be built (about 5 minutes, only once)',
    ].join('\n'),
  );
}
