import type { Environment } from '../src/process/config.ts';

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
