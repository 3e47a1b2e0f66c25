import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Environment } from '../src/process/config.ts';
import { PROJECT } from './folders.ts';

/** All parts of a stack, in the order in which they are stopped. */
export const PARTS = [
  'console',
  'server',
  'worker',
  'codec',
  'simulator',
  'temporal',
  'postgres',
] as const;

/** The name of a part. */
export type PartName = (typeof PARTS)[number];

/** One program of the stack. */
export interface Part {
  readonly name: PartName;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Environment;
  readonly cwd?: string;
  /** The user that runs the program, for a stack that root starts. */
  readonly uid?: number;
  readonly gid?: number;
  /** The signal that stops the program. */
  readonly stopSignal: NodeJS.Signals;
  /** How long the program may take to stop, in milliseconds, before it is killed. */
  readonly stopLimitMs: number;
  /** Runs before each start, to remove what a crash may have left behind. */
  readonly prepare?: () => Promise<void>;
  /**
   * `message`: a program of this project. It sends the message `ready`, and its output goes to the
   * stack's log. A function: a third-party program. It is ready when the function resolves, and its
   * output goes to a file.
   */
  readonly ready: 'message' | (() => Promise<void>);
}

const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/** A little more than the 20 s that `server` and `worker` allow themselves to finish their work. */
const STOP_LIMIT_MS = 22_000;

/**
 * Describes a program of this project as a part.
 *
 * @param program the path of its TypeScript source, relative to the project's root folder.
 * @param compiled the folder of the compiled programs; without it, tsx runs the source.
 */
export function nodePart(
  name: PartName,
  program: string,
  env: Environment,
  compiled?: string,
): Part {
  return {
    name,
    command: process.execPath,
    args:
      compiled === undefined
        ? ['--import', TSX, path.join(PROJECT, program)]
        : [path.join(compiled, program.replace(/\.ts$/, '.js'))],
    env,
    // tsx reads tsconfig.json from here.
    cwd: PROJECT,
    stopSignal: 'SIGTERM',
    stopLimitMs: STOP_LIMIT_MS,
    ready: 'message',
  };
}
