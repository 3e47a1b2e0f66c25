import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { PROJECT } from '../../sandbox/folders.ts';
import { endGroup, identify } from '../../sandbox/process-table.mjs';
import { type Reaper, startReaper } from '../../sandbox/reaper.ts';
import type { Environment } from '../../src/process/config.ts';
import { testEnvironment } from '../../test/support/environment.ts';

const STOP_LIMIT_MS = 25_000;
const TAIL_LINES = 20;

/** A program of this project that a benchmark runs beside the stack. */
export interface Program {
  readonly pid: number;
  /** Sends a message and resolves with the answer. */
  ask(question: object): Promise<unknown>;
  stop(): Promise<void>;
}

/** Starts programs that never outlive the benchmark, however it ends. */
export interface Programs {
  /**
   * Starts a program and resolves when it has sent `ready`.
   *
   * @param file its path in this project.
   * @param env the environment in addition to what finding binaries needs.
   */
  start(file: string, env?: Environment): Promise<Program>;
  /** Stops the programs that still run. */
  stop(): Promise<void>;
}

/** Creates the list of a benchmark's programs, which is empty yet. */
export async function createPrograms(): Promise<Programs> {
  const reaper: Reaper = await startReaper();
  const running = new Set<Program>();
  return {
    async start(file, env = {}) {
      const program = await startProgram(reaper, path.join(PROJECT, file), env);
      running.add(program);
      return {
        ...program,
        async stop() {
          running.delete(program);
          await program.stop();
        },
      };
    },
    async stop() {
      for (const program of [...running].reverse()) await program.stop();
      await reaper.close();
    },
  };
}

async function startProgram(reaper: Reaper, file: string, env: Environment): Promise<Program> {
  const child = fork(file, [], {
    execArgv: ['--import', 'tsx'],
    cwd: PROJECT,
    detached: true,
    env: { ...testEnvironment(), ...env },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const { pid = 0 } = child;
  const identity = identify(pid);
  reaper.guard({ pid, order: 0, signal: 'SIGTERM', limitMs: STOP_LIMIT_MS });
  const lines: string[] = [];
  if (child.stderr !== null) {
    createInterface({ input: child.stderr }).on('line', (line) => {
      lines.push(line);
      if (lines.length > TAIL_LINES) lines.shift();
    });
  }
  const early = once(child, 'exit').then(([code, signal]) => {
    throw new Error([`${file} ended (${String(signal ?? code)})`, ...lines].join('\n  '));
  });
  early.catch(() => undefined);
  const answer = async () =>
    ((await Promise.race([once(child, 'message'), early])) as [unknown])[0];
  await answer();
  return {
    pid,
    async ask(question) {
      child.send(question);
      return await answer();
    },
    async stop() {
      await endGroup({ pid, identity }, 'SIGTERM', STOP_LIMIT_MS);
      reaper.release(pid);
    },
  };
}
