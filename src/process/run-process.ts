import { codeOf, framesOf } from '../lib/safe-error.ts';
import { type Config, ConfigError, type Environment, parseConfig } from './config.ts';
import { createLog, type Log } from './log.ts';
import { readSecretFiles } from './secret-files.ts';
import { warnOfCoreDumps } from './warn-of-core-dumps.ts';

/** A part of the system that runs until it is stopped. */
export interface Running {
  /** Finishes what is in hand and lets go of everything. */
  stop(): Promise<void>;
  /** Rejects when the part breaks down while it runs. */
  readonly broken?: Promise<never>;
}

/** After a stop signal, the longest that a process takes to finish what it has in hand. */
const STOP_LIMIT_MS = 20_000;

/** What a process starts with. */
export interface ProcessContext<C = Config> {
  readonly config: C;
  readonly log: Log;
  /** Aborts when the process is to stop, also before it is ready. */
  readonly stopping: AbortSignal;
}

/**
 * Runs the main part of a process: reads its configuration, starts it, tells a supervising parent
 * `ready`, stops it on SIGTERM or SIGINT, and ends the process with 0; with 1 and one line in the
 * log when it cannot start, breaks down or does not stop in time.
 *
 * @param part the process's name in the log.
 * @param parse reads what it runs with from the environment.
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
  // Node's own last words would show the error's message, and with it what a query was given.
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

/** One line for people about what kept the process from running. */
function describe(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  if (!(error instanceof Error)) return 'cannot run';
  if ('code' in error && error.code === 'EADDRINUSE' && 'port' in error) {
    return `PORT ${String(error.port)} is taken; set PORT to a free port`;
  }
  return `cannot run: ${codeOf(error)}: ${error.message}`;
}

/** Runs something that ends by itself; the process ends with 0, or with 1 and one line in the log. */
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
