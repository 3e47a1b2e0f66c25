import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, renameSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { PARTS, type Part } from './part.ts';
import type { PidFiles } from './pid-files.ts';
import { killGroup } from './process-table.mjs';
import type { Reaper } from './reaper.ts';

/** The surroundings in which {@link startChild} starts a part. */
export interface ChildContext {
  readonly reaper: Pick<Reaper, 'guard' | 'release'>;
  readonly pidFiles: PidFiles;
  /** Receives the output of a third-party program: Postgres or Temporal. */
  readonly logFile: string;
  /** Receives each output line of a program of this project. */
  readonly onLine: (line: string) => void;
}

/** One process of a part, from its start to its end. */
export interface Child {
  readonly pid: number | undefined;
  /** Resolves once the process is ready; stays pending when it ends before that. */
  readonly ready: Promise<void>;
  /** Resolves when the process has ended, with the cause, such as `exit code 1` or `SIGKILL`. */
  readonly ended: Promise<string>;
}

const POLL_EVERY_MS = 40;
const LOG_LIMIT_BYTES = 5_000_000;

/** Starts a part in its own process group, and registers the group with the reaper and in a pid file. */
export function startChild(part: Part, context: ChildContext): Child {
  const log = part.ready === 'message' ? undefined : openLog(context.logFile);
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
    context.pidFiles.write(part.name, pid);
  }
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => {
      if (pid !== undefined) {
        // A program that died may leave its own child processes running, for example esbuild's.
        killGroup(pid);
        context.reaper.release(pid);
        context.pidFiles.remove(part.name);
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

async function poll(check: () => Promise<void>, ended: Promise<string>): Promise<void> {
  let over = false;
  void ended.then(() => {
    over = true;
  });
  while (!over) {
    try {
      await check();
      return;
    } catch {
      await sleep(POLL_EVERY_MS);
    }
  }
  await new Promise<never>(() => undefined);
}

function openLog(file: string): number {
  try {
    if (statSync(file).size > LOG_LIMIT_BYTES) renameSync(file, `${file}.1`);
  } catch {
    // The file does not exist yet.
  }
  return openSync(file, 'a', 0o600);
}

/**
 * Wraps a command so that a crash leaves no core dump, whatever the user's limit is, because a dump of
 * the process's memory contains patient data. Node cannot set this limit, so a shell sets it and then
 * replaces itself with the program.
 */
export function withoutCoreDumps(
  command: string,
  args: readonly string[],
): { readonly command: string; readonly args: readonly string[] } {
  return { command: '/bin/sh', args: ['-c', 'ulimit -c 0; exec "$0" "$@"', command, ...args] };
}
