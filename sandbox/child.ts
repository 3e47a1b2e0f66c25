import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, renameSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { PARTS, type Part } from './part.ts';
import type { PidFiles } from './pid-files.ts';
import { killGroup } from './process-table.mjs';
import type { Reaper } from './reaper.ts';

/** What a child of the stack is started with. */
export interface ChildContext {
  readonly reaper: Pick<Reaper, 'guard' | 'release'>;
  readonly records: PidFiles;
  /** Where a foreign program's lines go. */
  readonly logFile: string;
  /** Hears each line of one of our programs. */
  readonly onLine: (line: string) => void;
}

/** One life of a part. */
export interface Child {
  readonly pid: number | undefined;
  /** Resolves once it is ready; stays pending when it ends before. */
  readonly ready: Promise<void>;
  /** Resolves when it has ended, with how: `exit code 1` or `SIGKILL`. */
  readonly ended: Promise<string>;
}

const LOOK_EVERY_MS = 40;
const LOG_LIMIT_BYTES = 5_000_000;

/** Starts a part in a process group of its own, known to the reaper and on disk. */
export function startChild(part: Part, context: ChildContext): Child {
  const ours = part.ready === 'message';
  const log = ours ? undefined : openLog(context.logFile);
  const { command, args } = withoutCoreDumps(part.command, part.args);
  const child = spawn(command, args, {
    detached: true,
    env: { ...part.env },
    ...(part.cwd === undefined ? {} : { cwd: part.cwd }),
    ...(part.uid === undefined ? {} : { uid: part.uid }),
    ...(part.gid === undefined ? {} : { gid: part.gid }),
    stdio: log === undefined ? ['ignore', 'pipe', 'pipe', 'ipc'] : ['ignore', log, log],
  });
  if (log !== undefined) closeSync(log);
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null) createInterface({ input: stream }).on('line', context.onLine);
  }
  const { pid } = child;
  if (pid !== undefined) {
    context.reaper.guard({
      pid,
      order: PARTS.indexOf(part.name),
      signal: part.stopSignal,
      limitMs: part.stopLimitMs,
    });
    context.records.write(part.name, pid);
  }
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => {
      if (pid !== undefined) {
        // A program that died may leave helpers of its own, esbuild's for one.
        killGroup(pid);
        context.reaper.release(pid);
        context.records.remove(part.name);
      }
      resolve(signal ?? `exit code ${String(code)}`);
    });
  });
  return { pid, ended, ready: readiness(part, child, ended) };
}

function readiness(part: Part, child: ChildProcess, ended: Promise<string>): Promise<void> {
  const { ready } = part;
  if (ready === 'message') {
    return new Promise((resolve) => {
      child.on('message', (message) => {
        if (message === 'ready') resolve();
      });
    });
  }
  return poll(ready, ended);
}

async function poll(look: () => Promise<void>, ended: Promise<string>): Promise<void> {
  let over = false;
  void ended.then(() => {
    over = true;
  });
  while (!over) {
    try {
      await look();
      return;
    } catch {
      await sleep(LOOK_EVERY_MS);
    }
  }
  await new Promise<never>(() => undefined);
}

function openLog(file: string): number {
  try {
    if (statSync(file).size > LOG_LIMIT_BYTES) renameSync(file, `${file}.1`);
  } catch {
    // There is none yet.
  }
  return openSync(file, 'a', 0o600);
}

/**
 * Wraps a command so that no crash of it leaves a core, whatever the user's limit is: a dump of a
 * process's memory holds the patient data that it worked on. A shell sets the limit, as Node cannot, and
 * becomes the program.
 */
export function withoutCoreDumps(
  command: string,
  args: readonly string[],
): { readonly command: string; readonly args: readonly string[] } {
  return { command: '/bin/sh', args: ['-c', 'ulimit -c 0; exec "$0" "$@"', command, ...args] };
}
