import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { inject } from 'vitest';
import { freePorts } from '../../sandbox/ports.ts';
import type { Stack } from '../../sandbox/stack.ts';
import type { Environment } from '../../src/process/config.ts';

/** A process in addition to those of the stack, which is not restarted when it ends. */
export interface TestProcess {
  readonly pid: number;
  /** Resolves with the exit code; null when a signal ended the process. */
  readonly ended: Promise<number | null>;
  /** Kills the process if it still runs. */
  kill(): Promise<void>;
}

export interface ServerProcess extends TestProcess {
  readonly url: string;
}

/**
 * Starts the server as a process, as in production, on the database and documents of a stack.
 *
 * @param settings environment variables that override those of the stack.
 */
export async function startServer(
  stack: Stack,
  settings: Environment = {},
): Promise<ServerProcess> {
  const { PORT } = await freePorts();
  const server = await start('src/server.js', { ...stack.env, ...settings, PORT: String(PORT) });
  return { ...server, url: `http://127.0.0.1:${PORT}` };
}

/**
 * Starts a worker in addition to the stack's own; see {@link startServer}.
 *
 * @param folder the compiled programs; another build has its own.
 */
export async function startWorkerProcess(
  stack: Pick<Stack, 'workerEnv'>,
  settings: Environment = {},
  folder = inject('compiled'),
): Promise<TestProcess> {
  // The stack's worker has the port of its metrics.
  const env = { ...stack.workerEnv, METRICS_ADDRESS: '', ...settings };
  return await start('src/worker.js', env, folder);
}

/** Starts a codec server in addition to the stack's own; see {@link startServer}. */
export async function startCodecServer(
  stack: Pick<Stack, 'env'>,
  settings: Environment = {},
): Promise<TestProcess> {
  const { CODEC_PORT } = await freePorts();
  const env = { ...stack.env, CODEC_PORT: String(CODEC_PORT), ...settings };
  return await start('src/codec-server.js', env);
}

async function start(
  program: string,
  env: Environment,
  folder = inject('compiled'),
): Promise<TestProcess> {
  const child = fork(path.join(folder, program), [], {
    env: { LOG_LEVEL: 'warn', ...env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  await Promise.race([
    once(child, 'message'),
    ended.then((code) => {
      throw new Error(`${program} ended before it was ready: ${code}`);
    }),
  ]);
  return {
    pid: child.pid!,
    ended,
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
