import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from './folders.ts';

const PROGRAM = fileURLToPath(new URL('./reaper.mjs', import.meta.url));

/** A process group that must not outlive the stack. */
export interface GuardedGroup {
  /** The pid of the group's leader, which is also the group's id. */
  readonly pid: number;
  /** Groups end in ascending order. */
  readonly order: number;
  /** The signal that stops the leader. */
  readonly signal: NodeJS.Signals;
  /** How long the leader may take, in milliseconds, before the group is killed. */
  readonly limitMs: number;
}

/** A helper process that ends the stack's process groups when the stack itself was killed. */
export interface Reaper {
  readonly pid: number | undefined;
  /** Adds a process group to those that must not outlive the stack. */
  guard(group: GuardedGroup): void;
  /** Removes the process group of a leader. */
  release(pid: number): void;
  /** Stops the reaper, which first ends the groups that it still guards. */
  close(): Promise<void>;
}

/** Starts the reaper; resolves once it listens. When the reaper is killed, it is started again. */
export async function startReaper(): Promise<Reaper> {
  const groups = new Map<number, GuardedGroup>();
  let closing = false;
  let child = await launch();

  async function launch(): Promise<ChildProcess> {
    // `detached` gives it its own session, so that neither Ctrl-C nor a closed terminal reaches it.
    const started = spawn(process.execPath, [PROGRAM], {
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: { TMPDIR: temporaryFolder() },
    });
    await new Promise<void>((resolve, reject) => {
      started.once('message', () => resolve());
      started.once('error', reject);
      started.once('exit', () => reject(new Error('the reaper exited before it was ready')));
    });
    started.on('error', () => undefined);
    started.once('exit', () => {
      if (!closing) void replace();
    });
    for (const group of groups.values()) started.send({ guard: group });
    return started;
  }

  async function replace(): Promise<void> {
    child = await launch();
  }

  const send = (message: object) => {
    if (child.connected) child.send(message);
  };
  return {
    get pid() {
      return child.pid;
    },
    guard(group) {
      groups.set(group.pid, group);
      send({ guard: group });
    },
    release(pid) {
      groups.delete(pid);
      send({ release: pid });
    },
    async close() {
      closing = true;
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}
