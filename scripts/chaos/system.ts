import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { openDataFolder } from '../../sandbox/data-folder.ts';
import { databaseUrl, urlOfRole } from '../../sandbox/database-url.ts';
import { obtainTemporal } from '../../sandbox/obtain-temporal.ts';
import { nodePart, type Part } from '../../sandbox/part.ts';
import { freePorts } from '../../sandbox/ports.ts';
import { preparePostgres } from '../../sandbox/postgres.ts';
import { prepareDatabase } from '../../sandbox/prepare-database.ts';
import { startReaper } from '../../sandbox/reaper.ts';
import { createRunCommand } from '../../sandbox/run-command.ts';
import { stackSettings } from '../../sandbox/stack-settings.ts';
import { temporalServer } from '../../sandbox/temporal-server.ts';
import { createRandom } from '../../simulator/random.ts';
import type { Environment } from '../../src/process/config.ts';
import { testEnvironment } from '../../test/support/environment.ts';
import { type KeptProcess, keepProcess } from '../../test/support/kept-process.ts';
import { ask } from './api.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { LINKS, type LinkName, PROCESSES, type ProcessName, type Schedule } from './schedule.ts';

/** A whole system of real processes, with a proxy on each connection between them. */
export interface System {
  readonly processes: ReadonlyMap<ProcessName, KeptProcess>;
  readonly proxies: ReadonlyMap<LinkName, FaultProxy>;
  /** The URLs at which clients reach the servers. */
  readonly serverUrls: readonly string[];
  /** The simulator's own address, without a proxy. */
  readonly simulatorUrl: string;
  /** Temporal's own address, without a proxy. */
  readonly temporalAddress: string;
  /** Postgres' own address, without a proxy. */
  readonly databaseUrl: string;
  readonly encryptionKeys: string;
  readonly documentsDir: string;
  /** The receiver's ledger and the secret of its endpoint. */
  readonly receipts: { readonly file: string; readonly secret: string };
  /** Ends everything. */
  stop(): Promise<void>;
}

/** What a check reads of a system that has finished. */
export type Observed = Pick<
  System,
  'serverUrls' | 'simulatorUrl' | 'databaseUrl' | 'encryptionKeys' | 'documentsDir' | 'receipts'
>;

/** Short retry intervals, so that a run does not wait for them, and timeouts that end during a run. */
export const TIMES = {
  PHARMACY_TIMEOUT_MS: '2000',
  RETRY_INITIAL_MS: '250',
  RETRY_MAX_MS: '2000',
  POLL_INITIAL_MS: '3000',
  POLL_MAX_MS: '5000',
  WEBHOOK_TIMEOUT_MS: '2000',
  WEBHOOK_RETRY_SCHEDULE_MS: Array.from({ length: 49 }, (_, n) =>
    String(n < 5 ? 500 : 3_000),
  ).join(),
};

const CLOCK = new URL('clock-offset.mjs', import.meta.url).href;
const endpointSchema = z.object({
  data: z.object({ endpoint: z.object({ secret: z.string() }) }),
});

/**
 * Starts two servers, two workers, Temporal, Postgres, the simulator and a receiver.
 *
 * @param folder the folder of the system's data and logs.
 * @param signal aborts the start.
 * @throws {Error} the system does not start. Then none of its processes runs.
 */
export async function startSystem(
  folder: string,
  schedule: Schedule,
  seed: number,
  signal: AbortSignal,
): Promise<System> {
  const logsDir = path.join(folder, 'logs');
  mkdirSync(logsDir, { recursive: true });
  const data = openDataFolder(path.join(folder, 'data'));
  const reaper = await startReaper();
  const processes = new Map<ProcessName, KeptProcess>();
  const proxies = new Map<LinkName, FaultProxy>();
  let stopped: Promise<void> | undefined;
  const stop = () => (stopped ??= stopAll());
  async function stopAll(): Promise<void> {
    for (const name of PROCESSES) await processes.get(name)?.stop();
    for (const proxy of proxies.values()) await proxy.close();
    await reaper.close();
    data.release();
  }
  try {
    return await bringUp();
  } catch (error) {
    await stop();
    throw error;
  }

  async function bringUp(): Promise<System> {
    const env = testEnvironment();
    const random = createRandom(seed);
    const ports = await freePorts();
    const { PORT: secondPort, SIMULATOR_PORT: receiverPort } = await freePorts();
    const targets: Record<LinkName, number> = {
      'clients-1': ports.PORT,
      'clients-2': secondPort,
      'postgres-1': ports.POSTGRES_PORT,
      'postgres-2': ports.POSTGRES_PORT,
      'temporal-1': ports.TEMPORAL_PORT,
      'temporal-2': ports.TEMPORAL_PORT,
      pharmacy: ports.SIMULATOR_PORT,
      receiver: receiverPort,
    };
    for (const link of LINKS) proxies.set(link, await startFaultProxy(targets[link], random));
    const via = (link: LinkName) => proxies.get(link)?.port ?? 0;
    const url = (port: number) => `http://127.0.0.1:${port}`;

    const { secrets } = data;
    const settings = stackSettings({ env, ports, dataDir: data.path, secrets });
    const { hashSecret, foreignEnv } = settings;
    const password = secrets.postgresPassword;
    const ours = (nth: 1 | 2, name: ProcessName, port: number): Environment => {
      const offsetMs = schedule.clockOffsetsMs[name];
      return {
        ...settings.env,
        ...TIMES,
        LOG_LEVEL: 'info',
        PORT: String(port),
        PUBLIC_URL: url(via(`clients-${nth}`)),
        DATABASE_URL: urlOfRole(
          databaseUrl(via(`postgres-${nth}`), password),
          name.startsWith('server') ? 'server' : 'worker',
        ),
        TEMPORAL_ADDRESS: `127.0.0.1:${via(`temporal-${nth}`)}`,
        ...(offsetMs === undefined
          ? {}
          : { NODE_OPTIONS: `--import ${CLOCK}`, CHAOS_CLOCK_OFFSET_MS: String(offsetMs) }),
      };
    };
    const start = (name: ProcessName, part: Part) => {
      const kept = keepProcess(name, part, { reaper, logsDir });
      processes.set(name, kept);
      return Promise.race([kept.ready, aborted(signal)]);
    };

    const run = createRunCommand(reaper);
    const binary = await obtainTemporal({ env, run, signal, news: process.stderr });
    const postgres = await preparePostgres({
      folder: data.folder('postgres'),
      port: ports.POSTGRES_PORT,
      password,
      env: foreignEnv,
      run,
      signal,
    });
    data.folder('documents');
    const receipts = path.join(data.folder('receiver'), 'receipts.ndjson');
    const simulatorEnv = {
      ...settings.env,
      SIMULATOR_WEBHOOK_URL: `${url(via('clients-1'))}/webhooks/pharmacies`,
    };
    const receiverEnv = {
      ...foreignEnv,
      RECEIVER_PORT: String(receiverPort),
      RECEIVER_FILE: receipts,
    };
    const temporal = temporalServer({
      binary,
      folder: data.folder('temporal'),
      port: ports.TEMPORAL_PORT,
      uiPort: ports.TEMPORAL_UI_PORT,
      codecUrl: settings.codecUrl,
      namespace: settings.namespace,
      env: foreignEnv,
    });
    await Promise.all([
      start('temporal', temporal),
      start('postgres', postgres),
      start('simulator', nodePart('simulator', 'simulator/main.ts', simulatorEnv)),
      // The receiver runs as a `simulator` part: it too is an external system.
      start('receiver', nodePart('simulator', 'scripts/chaos/receiver.ts', receiverEnv)),
    ]);
    // Workers reach the pharmacies through the proxy.
    const simulator = Promise.resolve(url(via('pharmacy')));
    await prepareDatabase({ ...settings, hashSecret, simulator });
    const server = (nth: 1 | 2, port: number) =>
      start(`server-${nth}`, nodePart('server', 'src/server.ts', ours(nth, `server-${nth}`, port)));
    const worker = (nth: 1 | 2) =>
      start(`worker-${nth}`, nodePart('worker', 'src/worker.ts', ours(nth, `worker-${nth}`, 1)));
    await Promise.all([server(1, ports.PORT), server(2, secondPort), worker(1), worker(2)]);

    const serverUrls = [url(via('clients-1')), url(via('clients-2'))];
    const registered = await ask(`${serverUrls[0]}/api/v1/webhook-endpoints`, {
      url: `${url(via('receiver'))}/rx`,
    });
    const { secret } = endpointSchema.parse(registered.json).data.endpoint;
    return {
      processes,
      proxies,
      serverUrls,
      simulatorUrl: settings.simulatorUrl,
      temporalAddress: settings.temporalAddress,
      databaseUrl: settings.databaseUrl,
      encryptionKeys: settings.encryptionKeys,
      documentsDir: path.join(data.path, 'documents'),
      receipts: { file: receipts, secret },
      stop,
    };
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const stop = () => reject(signal.reason as Error);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}
