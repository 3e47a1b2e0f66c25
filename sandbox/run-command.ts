import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Environment } from '../src/process/config.ts';
import { killGroup } from './process-table.mjs';
import type { Reaper } from './reaper.ts';

/** The options of a {@link RunCommand}. */
export interface CommandOptions {
  readonly env: Environment;
  /** Aborting it kills the command and all its children. */
  readonly signal: AbortSignal;
  /** How long the command may take, in milliseconds; unlimited when absent. */
  readonly limitMs?: number;
  /** Receives each line of stdout and stderr. */
  readonly onLine?: (line: string) => void;
  readonly uid?: number;
  readonly gid?: number;
}

/** The result of a command. */
export interface CommandResult {
  /** The exit code; null when the command was killed. */
  readonly code: number | null;
  /** The last lines of stdout and stderr. */
  readonly output: string;
}

/** Runs a command until it exits; rejects when the command cannot be started or was aborted. */
export type RunCommand = (
  command: string,
  args: readonly string[],
  options: CommandOptions,
) => Promise<CommandResult>;

const KEPT_LINES = 40;

/** Creates a {@link RunCommand} whose commands, with their children, never outlive the stack. */
export function createRunCommand(reaper: Pick<Reaper, 'guard' | 'release'>): RunCommand {
  return async (command, args, { env, signal, limitMs, onLine, uid, gid }) => {
    signal.throwIfAborted();
    const child = spawn(command, args, {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...env },
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
    });
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    const { pid } = child;
    if (pid !== undefined) reaper.guard({ pid, order: 0, signal: 'SIGTERM', limitMs: 0 });

    const kept: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        kept.push(line);
        if (kept.length > KEPT_LINES) kept.shift();
        onLine?.(line);
      });
    }
    const kill = () => {
      if (pid !== undefined) killGroup(pid);
    };
    const timer = limitMs === undefined ? undefined : setTimeout(kill, limitMs);
    signal.addEventListener('abort', kill, { once: true });
    child.once('exit', kill);
    try {
      const code = await ended;
      signal.throwIfAborted();
      return { code, output: kept.join('\n') };
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', kill);
      if (pid !== undefined) reaper.release(pid);
    }
  };
}
