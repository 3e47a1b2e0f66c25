import { setTimeout as sleep } from 'node:timers/promises';
import type { Environment } from '../src/process/config.ts';
import { connectionOptions } from '../src/temporal/connection-options.ts';
import type { DataFolder } from './data-folder.ts';
import { obtainTemporal } from './obtain-temporal.ts';
import { nodePart } from './part.ts';
import { PORT_NAMES, type Ports, requireFree } from './ports.ts';
import { preparePostgres } from './postgres.ts';
import { prepareDatabase } from './prepare-database.ts';
import type { RunCommand } from './run-command.ts';
import { errorCode, StackError } from './stack-error.ts';
import type { TextOutput } from './stack-log.ts';
import type { StackSettings } from './stack-settings.ts';
import type { Supervisor } from './supervisor.ts';
import { requireNamespace, temporalServer } from './temporal-server.ts';

/** The options of {@link startParts}. */
export interface StartPartsOptions {
  readonly settings: StackSettings;
  readonly ports: Ports;
  /** The user's environment. */
  readonly env: Environment;
  readonly folder: DataFolder;
  readonly password: string;
  readonly supervisor: Supervisor;
  readonly run: RunCommand;
  readonly news: TextOutput;
  readonly signal: AbortSignal;
  /** The folder of the compiled programs, see {@link nodePart}. */
  readonly compiled: string | undefined;
  readonly withConsole: boolean;
}

const READY_LIMIT_MS = 20_000;
const POLL_EVERY_MS = 50;

/**
 * Starts all parts, each as soon as its dependencies are ready. Resolves when the server accepts orders.
 *
 * @throws {StackError} a port is taken, a program is missing, or a part does not become ready.
 */
export async function startParts(options: StartPartsOptions): Promise<void> {
  const { settings, ports, supervisor, compiled } = options;
  const { env } = settings;
  const ownPorts = PORT_NAMES.filter(
    (name) => !settings.foreignTemporal || !name.startsWith('TEMPORAL_'),
  );
  await requireFree(ports, ownPorts);

  const simulator = supervisor
    .start(nodePart('simulator', 'simulator/main.ts', env, compiled))
    .then(() => settings.simulatorUrl);
  const codec = supervisor.start(nodePart('codec', 'src/codec-server.ts', env, compiled));
  const temporal = startTemporal(options);
  await Promise.all([simulator, codec, temporal, startServer(options, simulator, temporal)]);
  await waitUntilReady(`${settings.baseUrl}/readyz`);
}

async function startServer(
  options: StartPartsOptions,
  simulator: Promise<string>,
  temporal: Promise<void>,
): Promise<void> {
  const { settings, ports, folder, password, supervisor, run, signal, compiled } = options;
  const { env, workerEnv, consoleEnv, foreignEnv } = settings;
  const { databaseUrl, hashSecret, encryptionKeys } = settings;
  const postgres = await preparePostgres({
    folder: folder.folder('postgres'),
    port: ports.POSTGRES_PORT,
    password,
    env: foreignEnv,
    run,
    signal,
  });
  await supervisor.start(postgres);
  await prepareDatabase({ databaseUrl, hashSecret, encryptionKeys, simulator });
  await Promise.all([
    options.withConsole &&
      supervisor.start(nodePart('console', 'src/console.ts', consoleEnv, compiled)),
    supervisor.start(nodePart('server', 'src/server.ts', env, compiled)),
    temporal.then(() => supervisor.start(nodePart('worker', 'src/worker.ts', workerEnv, compiled))),
  ]);
}

async function startTemporal(options: StartPartsOptions): Promise<void> {
  const { settings, ports, env, folder, supervisor, run, news, signal } = options;
  const { namespace, temporalAddress } = settings;
  if (settings.foreignTemporal) {
    try {
      await requireNamespace(connectionOptions(env, temporalAddress), namespace);
    } catch (error) {
      throw new StackError(
        `no Temporal server with the namespace ${namespace} answers at TEMPORAL_ADDRESS ${temporalAddress} (${errorCode(error)}); start one, or unset TEMPORAL_ADDRESS so that the sandbox starts its own`,
      );
    }
    return;
  }
  await supervisor.start(
    temporalServer({
      binary: await obtainTemporal({ env, run, signal, news }),
      folder: folder.folder('temporal'),
      port: ports.TEMPORAL_PORT,
      uiPort: ports.TEMPORAL_UI_PORT,
      codecUrl: settings.codecUrl,
      namespace,
      env: settings.foreignEnv,
    }),
  );
}

async function waitUntilReady(url: string): Promise<void> {
  const until = Date.now() + READY_LIMIT_MS;
  for (;;) {
    const ok = await fetch(url).then(
      (answer) => answer.ok,
      () => false,
    );
    if (ok) return;
    if (Date.now() > until) {
      throw new StackError(`${url} was not ready after ${READY_LIMIT_MS / 1_000} s`);
    }
    await sleep(POLL_EVERY_MS);
  }
}
