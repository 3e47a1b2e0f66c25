import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Child, type ChildContext, startChild } from '../../sandbox/child.ts';
import type { Part } from '../../sandbox/part.ts';
import { endGroup, identify, signalProcess } from '../../sandbox/process-table.mjs';

/** A process of a run, restarted whenever it dies. */
export interface KeptProcess {
  /** Resolves when the process is ready for the first time. @throws {Error} it is not ready within the limit. */
  readonly ready: Promise<void>;
  /** Sends a signal as soon as the process runs. @throws {Error} the process does not restart. */
  signal(name: NodeJS.Signals): Promise<void>;
  /** Kills the process with SIGKILL and delays its restart. */
  kill(downMs: number): Promise<void>;
  /** The process groups of the process and its restarts. */
  readonly groups: readonly number[];
  /**
   * Ends the process and restarts it no more.
   *
   * @param signal the signal of its part by default.
   * @returns how it ended, such as `exit code 0` or `SIGKILL`.
   */
  stop(signal?: NodeJS.Signals): Promise<string>;
}

const READY_LIMIT_MS = 90_000;
const RESTART_AFTER_MS = 200;
const LOOK_EVERY_MS = 20;

/**
 * Starts a process and restarts it whenever it dies. The sandbox's supervisor does not fit: it gives up
 * a part that dies often, and it runs one of each part.
 *
 * @param logsDir gets the file `<name>.log`.
 */
export function keepProcess(
  name: string,
  part: Part,
  { reaper, logsDir }: { reaper: ChildContext['reaper']; logsDir: string },
): KeptProcess {
  const logFile = path.join(logsDir, `${name}.log`);
  const lines = part.ready === 'message' ? createWriteStream(logFile, { flags: 'a' }) : undefined;
  const context: ChildContext = {
    reaper,
    // No later run uses the data of this run. After a crash of the harness the reaper ends the process.
    pidFiles: { write() {}, remove() {}, endLeftovers: async () => [] },
    logFile,
    onLine: (line) => lines?.write(`${line}\n`),
  };
  const groups: number[] = [];
  let child: Child | undefined;
  let downUntil = 0;
  let stopping = false;

  let becameReady: () => void = () => undefined;
  const firstReady = new Promise<void>((resolve) => {
    becameReady = resolve;
  });
  const over = keepAlive();
  // When the process can no longer start and nobody awaits it, unfinished orders reveal that.
  over.catch(() => undefined);

  async function keepAlive(): Promise<void> {
    while (!stopping) {
      await part.prepare?.();
      if (stopping) return;
      child = startChild(part, context);
      if (child.pid !== undefined) groups.push(child.pid);
      void child.ready.then(becameReady);
      await child.ended;
      child = undefined;
      await sleep(RESTART_AFTER_MS);
      while (Date.now() < downUntil && !stopping) await sleep(LOOK_EVERY_MS);
    }
  }

  async function signal(signalName: NodeJS.Signals): Promise<void> {
    const until = Math.max(Date.now(), downUntil) + READY_LIMIT_MS;
    while (!stopping) {
      if (child?.pid !== undefined && signalProcess(child.pid, signalName)) return;
      if (Date.now() > until) throw new Error(`${name} does not restart: ${logFile}`);
      await sleep(LOOK_EVERY_MS);
    }
  }

  return {
    groups,
    ready: Promise.race([
      firstReady,
      over.then(() => firstReady),
      sleep(READY_LIMIT_MS, undefined, { ref: false }).then(() => {
        throw new Error(`${name} was not ready after ${READY_LIMIT_MS / 1000} s: ${logFile}`);
      }),
    ]),
    signal,
    async kill(downMs) {
      const before = child;
      downUntil = Math.max(downUntil, Date.now() + downMs);
      await signal('SIGKILL');
      await before?.ended;
    },
    async stop(signalName = part.stopSignal) {
      stopping = true;
      const last = child;
      if (last?.pid !== undefined) {
        signalProcess(last.pid, 'SIGCONT');
        await endGroup(
          { pid: last.pid, identity: identify(last.pid) },
          signalName,
          part.stopLimitMs,
        );
      }
      await over.catch(() => undefined);
      lines?.end();
      return (await last?.ended) ?? 'it did not run';
    },
  };
}
