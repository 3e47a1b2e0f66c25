import { type Environment, parseConfig } from '../src/process/config.ts';
import { openDataFolder } from './data-folder.ts';
import { urlOfRole } from './database-url.ts';
import type { PartName } from './part.ts';
import { createPidFiles } from './pid-files.ts';
import { freePorts, portsFrom } from './ports.ts';
import { type Reaper, startReaper } from './reaper.ts';
import { createRunCommand } from './run-command.ts';
import { StackError } from './stack-error.ts';
import { createStackLog, type TextOutput } from './stack-log.ts';
import { type Addresses, requireNoDatabase, stackSettings } from './stack-settings.ts';
import { startParts } from './start-parts.ts';
import { createSupervisor, RESTART_POLICY, type Supervisor } from './supervisor.ts';

/** The options of {@link startStack}. */
export interface StackOptions {
  /** The folder of all data of this stack; created when it is missing. */
  readonly dataDir: string;
  /** The user's environment: ports, times, `TEMPORAL_…`, `LOG_…` (`.env.example`). */
  readonly env: Environment;
  /** `free`: any free ports; `env`: the ports in the environment, or the defaults. */
  readonly ports: 'free' | 'env';
  /** Receives the log of all parts. */
  readonly log: TextOutput;
  /** Receives plain text about steps of the start that take long. */
  readonly news: TextOutput;
  /** Cancels the start when it aborts. */
  readonly signal?: AbortSignal;
  /** A folder of compiled programs, such as `dist`; by default tsx runs the sources. */
  readonly compiled?: string;
  /** Whether the operators' console runs, too; by default it does not. */
  readonly withConsole?: boolean;
}

/** A running stack. */
export interface Stack extends Addresses {
  readonly dataDir: string;
  /** The environment of `server`, with which another program can run too. */
  readonly env: Environment;
  /** The environment of `worker`. */
  readonly workerEnv: Environment;
  /** Returns the pid of a part; undefined while the part is restarted. */
  pid(part: PartName): number | undefined;
  /** Sends a signal to a part; if the part dies, it is restarted. */
  kill(part: PartName, signal: NodeJS.Signals): boolean;
  /** Rejects with a {@link StackError} when a part cannot be kept running. */
  readonly failed: Promise<never>;
  /** Stops all parts, in order. */
  stop(): Promise<void>;
  /** Kills all parts immediately, also while `stop` is running. */
  killAll(): Promise<void>;
}

/**
 * Starts Postgres, Temporal, the codec server, the pharmacy simulator, `server` and `worker` on
 * 127.0.0.1. No process outlives the caller, however the caller ends. Resolves when the server accepts
 * orders.
 *
 * @throws {StackError} the stack cannot start; the message says what to do. All parts are stopped.
 * @throws {ConfigError} an environment variable is malformed. All parts are stopped.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { env } = options;
  requireNoDatabase(env);
  const ports = options.ports === 'free' ? await freePorts() : portsFrom(env);
  const folder = openDataFolder(options.dataDir);
  const held: { reaper?: Reaper; supervisor?: Supervisor } = {};
  const ending = new AbortController();
  const signal = AbortSignal.any([ending.signal, ...(options.signal ? [options.signal] : [])]);
  let closed: Promise<void> | undefined;
  const close = () => (closed ??= closeAll());

  async function closeAll(): Promise<void> {
    ending.abort(new StackError('the stack is stopping'));
    await held.supervisor?.stop();
    await held.reaper?.close();
    folder.release();
  }

  try {
    const settings = stackSettings({ env, ports, dataDir: folder.path, secrets: folder.secrets });
    // Checked before any part starts, so that the user sees the error itself and not a part that dies.
    parseConfig(settings.env);
    folder.writeConnection({
      databaseUrl: urlOfRole(settings.databaseUrl, 'operator'),
      temporalAddress: settings.temporalAddress,
      temporalNamespace: settings.namespace,
      hashSecret: settings.hashSecret,
      encryptionKeys: settings.encryptionKeys,
      consoleUrl: settings.consoleUrl,
    });
    const log = createStackLog(options.log, env.LOG_FORMAT);
    const pidFiles = createPidFiles(folder.folder('run'));
    const reaper = await startReaper();
    held.reaper = reaper;
    for (const name of await pidFiles.endLeftovers()) {
      log.event('warn', 'ended a process that an earlier sandbox left running', { name });
    }
    const supervisor = createSupervisor({
      reaper,
      pidFiles,
      logsDir: folder.folder('logs'),
      policy: RESTART_POLICY,
      onLine: (part, line) => log.line(part, line),
      onRestart: (part, why) => log.event('warn', `${part} died, restarting it`, { why }),
    });
    held.supervisor = supervisor;
    folder.folder('documents');
    await Promise.race([
      startParts({
        settings,
        ports,
        env,
        folder,
        password: folder.secrets.postgresPassword,
        supervisor,
        run: createRunCommand(reaper),
        news: options.news,
        signal,
        compiled: options.compiled,
        withConsole: options.withConsole ?? false,
      }),
      supervisor.failed,
      aborted(signal),
    ]);
    const { baseUrl, temporalAddress, temporalUiUrl, codecUrl, databaseUrl, simulatorUrl } =
      settings;
    const { workerMetricsUrl, consoleUrl } = settings;
    return {
      ...{ baseUrl, temporalAddress, temporalUiUrl, codecUrl, databaseUrl, simulatorUrl },
      ...{ workerMetricsUrl, consoleUrl },
      dataDir: folder.path,
      env: settings.env,
      workerEnv: settings.workerEnv,
      pid: (part) => supervisor.pid(part),
      kill: (part, name) => supervisor.kill(part, name),
      failed: supervisor.failed,
      stop: close,
      async killAll() {
        supervisor.killAll();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  const promise = new Promise<never>((_resolve, reject) => {
    const stop = () => reject(signal.reason as Error);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  promise.catch(() => undefined);
  return promise;
}
