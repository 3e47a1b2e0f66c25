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

/** How a stack is started. */
export interface StackOptions {
  /** Holds everything of this stack; made when it is missing. */
  readonly dataDir: string;
  /** The user's environment: ports, times, `TEMPORAL_…`, `LOG_…` (`.env.example`). */
  readonly env: Environment;
  /** `free`: any free ports; `env`: those that the environment names, or the defaults. */
  readonly ports: 'free' | 'env';
  /** Where the log of all parts goes. */
  readonly log: TextOutput;
  /** Where it is said, in plain text, what takes long and why. */
  readonly news: TextOutput;
  /** Gives the start up when it aborts. */
  readonly signal?: AbortSignal;
}

/** A running stack. */
export interface Stack extends Addresses {
  readonly dataDir: string;
  /** What `server` runs with; another program may run with it too. */
  readonly env: Environment;
  /** What `worker` runs with. */
  readonly workerEnv: Environment;
  /** A part's process; undefined while it is restarted. */
  pid(part: PartName): number | undefined;
  /** Sends a signal to a part; one that dies of it is restarted. */
  kill(part: PartName, signal: NodeJS.Signals): boolean;
  /** Rejects with a {@link StackError} when a part cannot be kept running. */
  readonly failed: Promise<never>;
  /** Stops everything, in order. */
  stop(): Promise<void>;
  /** Kills everything at once, also while it is being stopped. */
  killAll(): Promise<void>;
}

/**
 * Starts Postgres, Temporal, the pharmacy simulator, `server` and `worker` on 127.0.0.1, as one tree
 * of processes that leaves nothing behind, however it ends. Resolves when orders can be placed.
 *
 * @throws {StackError} says what is wrong and what helps; nothing runs then.
 * @throws {ConfigError} a variable is malformed; nothing runs then.
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
    // Before anything runs: a malformed variable is the user's to hear of, not a dying part's.
    parseConfig(settings.env);
    folder.writeConnection({
      databaseUrl: urlOfRole(settings.databaseUrl, 'operator'),
      temporalAddress: settings.temporalAddress,
      temporalNamespace: settings.namespace,
      hashSecret: settings.hashSecret,
      encryptionKeys: settings.encryptionKeys,
    });
    const sink = createStackLog(options.log, env.LOG_FORMAT);
    const records = createPidFiles(folder.folder('run'));
    const reaper = await startReaper();
    held.reaper = reaper;
    for (const name of await records.endLeftovers()) {
      sink.event('warn', 'ended what an earlier stack left running', { name });
    }
    const supervisor = createSupervisor({
      reaper,
      records,
      logsDir: folder.folder('logs'),
      policy: RESTART_POLICY,
      onLine: (part, line) => sink.line(part, line),
      onRestart: (part, why) => sink.event('warn', `${part} died, starting it again`, { why }),
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
      }),
      supervisor.failed,
      aborted(signal),
    ]);
    const { baseUrl, temporalAddress, temporalUiUrl, codecUrl, databaseUrl, simulatorUrl } =
      settings;
    return {
      ...{ baseUrl, temporalAddress, temporalUiUrl, codecUrl, databaseUrl, simulatorUrl },
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
