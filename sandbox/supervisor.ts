import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Child, startChild } from './child.ts';
import { PARTS, type Part, type PartName } from './part.ts';
import type { PidFiles } from './pid-files.ts';
import { endGroup, identify, killGroup, signalProcess } from './process-table.mjs';
import type { Reaper } from './reaper.ts';
import { StackError } from './stack-error.ts';

/** When a part that died is restarted, and when the stack fails instead. */
export interface RestartPolicy {
  /** The delay before the first restart, in milliseconds; it doubles with each further death. */
  readonly firstDelayMs: number;
  /** The longest delay before a restart, in milliseconds. */
  readonly maxDelayMs: number;
  /** The stack fails when a part dies this often within {@link RestartPolicy.withinMs}. */
  readonly deaths: number;
  /** The period over which deaths are counted, in milliseconds. */
  readonly withinMs: number;
  /** How long a part may take to become ready, in milliseconds. */
  readonly readyLimitMs: number;
}

/** The restart policy of the sandbox. */
export const RESTART_POLICY: RestartPolicy = {
  firstDelayMs: 200,
  maxDelayMs: 5_000,
  deaths: 5,
  withinMs: 60_000,
  readyLimitMs: 60_000,
};

/** The options of {@link createSupervisor}. */
export interface SupervisorOptions {
  readonly reaper: Pick<Reaper, 'guard' | 'release'>;
  readonly pidFiles: PidFiles;
  readonly logsDir: string;
  readonly policy: RestartPolicy;
  /** Receives each output line of this project's own programs. */
  readonly onLine: (part: PartName, line: string) => void;
  /** Called before each restart, with the cause of the death. */
  readonly onRestart: (part: PartName, why: string) => void;
}

/** Runs the parts of a stack, and restarts those that die. */
export interface Supervisor {
  /** Starts a part; resolves once it is ready. */
  start(part: Part): Promise<void>;
  /** Returns the pid of a part; undefined between a death and the restart. */
  pid(name: PartName): number | undefined;
  /** Sends a signal to a part; returns false when the part is not running. */
  kill(name: PartName, signal: NodeJS.Signals): boolean;
  /** Rejects with a {@link StackError} when a part died too often or was not ready in time. */
  readonly failed: Promise<never>;
  /** Stops all parts in the order of {@link PARTS}. */
  stop(): Promise<void>;
  /** Kills all parts immediately. */
  killAll(): void;
}

const TAIL_LINES = 8;

/** Creates a supervisor that runs no part yet. */
export function createSupervisor(options: SupervisorOptions): Supervisor {
  const { policy, logsDir } = options;
  const running = new Map<
    PartName,
    { part: Part; child: Child | undefined; over: Promise<void> }
  >();
  const stopping = new AbortController();
  const { promise: failed, reject: fail } = withRejection();

  async function keepAlive(part: Part, becameReady: () => void): Promise<void> {
    const deaths: number[] = [];
    const lines: string[] = [];
    const logFile = path.join(logsDir, `${part.name}.log`);
    const onLine = (line: string) => {
      lines.push(line);
      if (lines.length > TAIL_LINES) lines.shift();
      options.onLine(part.name, line);
    };
    const giveUp = (what: string) => {
      const tail = part.ready === 'message' ? lines : tailOf(logFile);
      fail(new StackError([`${part.name} ${what}; its last lines:`, ...tail].join('\n  ')));
    };
    while (!stopping.signal.aborted) {
      await part.prepare?.();
      if (stopping.signal.aborted) return;
      const child = startChild(part, { ...options, logFile, onLine });
      setChild(part.name, child);
      const late = setTimeout(
        () => giveUp(`was not ready after ${policy.readyLimitMs / 1000} s`),
        policy.readyLimitMs,
      );
      void child.ready.then(() => {
        clearTimeout(late);
        becameReady();
      });
      const why = await child.ended;
      clearTimeout(late);
      setChild(part.name, undefined);
      if (stopping.signal.aborted) return;
      const now = Date.now();
      deaths.push(now);
      while ((deaths[0] ?? now) < now - policy.withinMs) deaths.shift();
      if (deaths.length >= policy.deaths) {
        giveUp(`died ${policy.deaths} times within ${policy.withinMs / 1000} s (${why})`);
        return;
      }
      options.onRestart(part.name, why);
      const delay = Math.min(policy.firstDelayMs * 2 ** (deaths.length - 1), policy.maxDelayMs);
      await sleep(delay, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  function setChild(name: PartName, child: Child | undefined): void {
    const entry = running.get(name);
    if (entry !== undefined) entry.child = child;
  }

  return {
    failed,
    async start(part) {
      stopping.signal.throwIfAborted();
      const ready = new Promise<void>((resolve) => {
        const entry = { part, child: undefined, over: Promise.resolve() };
        running.set(part.name, entry);
        entry.over = keepAlive(part, resolve).catch(fail);
      });
      await Promise.race([ready, failed]);
    },
    pid: (name) => running.get(name)?.child?.pid,
    kill(name, signal) {
      const pid = running.get(name)?.child?.pid;
      return pid !== undefined && signalProcess(pid, signal);
    },
    async stop() {
      stopping.abort(new StackError('the stack is stopping'));
      for (const name of PARTS) {
        const entry = running.get(name);
        const pid = entry?.child?.pid;
        if (entry === undefined) continue;
        if (pid !== undefined) {
          const { stopSignal, stopLimitMs } = entry.part;
          await endGroup({ pid, identity: identify(pid) }, stopSignal, stopLimitMs);
        }
        await entry.over;
      }
    },
    killAll() {
      stopping.abort(new StackError('the stack is stopping'));
      for (const { child } of running.values()) {
        if (child?.pid !== undefined) killGroup(child.pid);
      }
    },
  };
}

function tailOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-TAIL_LINES);
  } catch {
    return [];
  }
}

function withRejection(): { promise: Promise<never>; reject: (reason: unknown) => void } {
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<never>((_resolve, rejectIt) => {
    reject = rejectIt;
  });
  // A caller that awaits the promise gets the error; without one, Node must not crash on the rejection.
  promise.catch(() => undefined);
  return { promise, reject };
}
