import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from './folders.ts';

const PROGRAM = fileURLToPath(new URL('./reaper.mjs', import.meta.url));

/** A process group that must not outlive the stack. */
export interface GuardedGroup {
  /** The group's leader, and so its number. */
  readonly pid: number;
  /** Groups end in ascending order. */
  readonly order: number;
  /** What asks the leader to end. */
  readonly signal: NodeJS.Signals;
  /** How long the leader may take, in milliseconds, before the group is killed. */
  readonly limitMs: number;
}

/** The process that ends the stack's process groups when the stack itself was killed. */
export interface Reaper {
  readonly pid: number | undefined;
  guard(group: GuardedGroup): void;
  release(pid: number): void;
  /** Ends the reaper; whatever it still guards is ended first. */
  close(): Promise<void>;
}

/** Starts the reaper; resolves once it listens. One that is killed is replaced. */
export async function startReaper(): Promise<Reaper> {
  const groups = new Map<number, GuardedGroup>();
  let closing = false;
  let child = await launch();

  async function launch(): Promise<ChildProcess> {
    // In a session of its own, so that neither Ctrl-C nor a closed terminal reaches it.
    const started = spawn(process.execPath, [PROGRAM], {
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: { TMPDIR: temporaryFolder() },
    });
    await new Promise<void>((resolve, reject) => {
      started.once('message', () => resolve());
      started.once('error', reject);
      started.once('exit', () => reject(new Error('the reaper ended at its start')));
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

  const tell = (message: object) => {
    if (child.connected) child.send(message);
  };
  return {
    get pid() {
      return child.pid;
    },
    guard(group) {
      groups.set(group.pid, group);
      tell({ guard: group });
    },
    release(pid) {
      groups.delete(pid);
      tell({ release: pid });
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
