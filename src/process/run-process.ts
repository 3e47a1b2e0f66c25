import { writeFile } from 'node:fs/promises';
import { codeOf, framesOf } from '../lib/safe-error.ts';
import { type Config, ConfigError, type Environment, parseConfig } from './config.ts';
import { createLog, type Log } from './log.ts';
import { readSecretFiles } from './secret-files.ts';
import { warnOfCoreDumps } from './warn-of-core-dumps.ts';

/** The main part of a process, which runs until it is stopped. */
export interface Running {
  /** Finishes the work in progress and releases all resources. */
  stop(): Promise<void>;
  /** Rejects when the part fails while it runs. */
  readonly broken?: Promise<never>;
}

/** How long a process may take to finish its work after a stop signal. */
const STOP_LIMIT_MS = 20_000;

/** How often a process writes its heartbeat file. */
const HEARTBEAT_EVERY_MS = 5_000;

/** The input of a process's main part. */
export interface ProcessContext<C = Config> {
  readonly config: C;
  readonly log: Log;
  /** Aborts when the process receives a stop signal, also before it is ready. */
  readonly stopping: AbortSignal;
}

/**
 * Runs the main part of a process: parses its configuration, starts it, sends `ready` to a supervising
 * parent process, and stops it on SIGTERM or SIGINT. The process then exits with 0. It exits with 1 and
 * one log line when the part cannot start, fails, or does not stop in time.
 *
 * @param part the name of the process in the log.
 * @param parse parses the configuration from the environment.
 */
export async function runProcess<C extends Pick<Config, 'log'>>(
  part: string,
  env: Environment,
  parse: (env: Environment) => C,
  start: (context: ProcessContext<C>) => Promise<Running>,
): Promise<void> {
  let log = createLog(part, { level: 'info', format: 'auto' });
  const stopping = new AbortController();
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        log.info('stopping', { signal });
        stopping.abort();
        resolve();
      });
    }
  });
  // Node's default crash output would print the error's message, which may contain query parameters.
  process.on('uncaughtException', (error) =>
    end(log, `crashed: ${codeOf(error)}${framesOf(error)[0] ?? ''}`),
  );
  try {
    const config = parse(readSecretFiles(env));
    log = createLog(part, config.log);
    warnOfCoreDumps(log);
    const running = await start({ config, log, stopping: stopping.signal });
    process.send?.('ready');
    process.channel?.unref();
    await Promise.race([stopped, running.broken ?? stopped]);
    setTimeout(() => end(log, 'did not stop in time'), STOP_LIMIT_MS).unref();
    await running.stop();
    log.info('stopped');
    process.exit(0);
  } catch (error) {
    if (stopping.signal.aborted) process.exit(0);
    end(log, describe(error));
  }
}

function end(log: Log, message: string): never {
  log.error(message);
  process.exit(1);
}

/** Returns one line for people about why the process could not run. */
function describe(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  if (!(error instanceof Error)) return 'cannot run';
  if ('code' in error && error.code === 'EADDRINUSE' && 'port' in error) {
    return `PORT ${String(error.port)} is taken; set PORT to a free port`;
  }
  return `cannot run: ${codeOf(error)}: ${error.message}`;
}

/** Runs a task that finishes. The process exits with 0, or with 1 and one log line when the task fails. */
export async function runTask(
  part: string,
  env: Environment,
  run: (context: Pick<ProcessContext, 'config' | 'log'>) => Promise<void>,
): Promise<void> {
  let log = createLog(part, { level: 'info', format: 'auto' });
  try {
    const config = parseConfig(readSecretFiles(env));
    log = createLog(part, config.log);
    await run({ config, log });
  } catch (error) {
    end(log, describe(error));
  }
}

/**
 * Writes a file every few seconds while `isAlive` returns true. A container's health check detects from
 * the file's age that the process has stopped working.
 *
 * @returns a function that stops writing the file.
 */
export function startHeartbeatFile(file: string, isAlive: () => boolean): () => void {
  const beat = () => {
    // A failed write, for example on a full disk, also makes the file too old, as it should.
    if (isAlive()) writeFile(file, `${new Date().toISOString()}\n`).catch(() => undefined);
  };
  beat();
  const timer = setInterval(beat, HEARTBEAT_EVERY_MS);
  return () => clearInterval(timer);
}
