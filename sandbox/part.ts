import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Environment } from '../src/process/config.ts';
import { PROJECT } from './folders.ts';

/** Everything a stack consists of, in the order in which it is stopped. */
export const PARTS = ['server', 'worker', 'codec', 'simulator', 'temporal', 'postgres'] as const;

/** Names a part of the stack. */
export type PartName = (typeof PARTS)[number];

/** One program of the stack. */
export interface Part {
  readonly name: PartName;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Environment;
  readonly cwd?: string;
  /** Runs the program as this user; for a stack that root starts. */
  readonly uid?: number;
  readonly gid?: number;
  /** What asks the program to end. */
  readonly stopSignal: NodeJS.Signals;
  /** How long it may take to end, in milliseconds, before it is killed. */
  readonly stopLimitMs: number;
  /** Runs before each start, for what a crash may have left. */
  readonly prepare?: () => Promise<void>;
  /**
   * `message`: one of ours; it sends `ready`, and its lines go to the stack's log. A function: a
   * foreign program; it is ready when the function resolves, and its lines go to a file.
   */
  readonly ready: 'message' | (() => Promise<void>);
}

const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/** What `server` and `worker` allow themselves to finish what they have in hand, and a little more. */
const STOP_LIMIT_MS = 22_000;

/**
 * Describes a TypeScript program of the project as a part.
 *
 * @param program its path in the project.
 */
export function nodePart(name: PartName, program: string, env: Environment): Part {
  return {
    name,
    command: process.execPath,
    args: ['--import', TSX, path.join(PROJECT, program)],
    env,
    // tsx looks for tsconfig.json here.
    cwd: PROJECT,
    stopSignal: 'SIGTERM',
    stopLimitMs: STOP_LIMIT_MS,
    ready: 'message',
  };
}
