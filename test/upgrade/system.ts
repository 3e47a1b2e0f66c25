import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { openDataFolder } from '../../sandbox/data-folder.ts';
import { urlOfRole } from '../../sandbox/database-url.ts';
import { obtainTemporal } from '../../sandbox/obtain-temporal.ts';
import { nodePart, type Part } from '../../sandbox/part.ts';
import { freePorts } from '../../sandbox/ports.ts';
import { preparePostgres } from '../../sandbox/postgres.ts';
import type * as prepare from '../../sandbox/prepare-database.ts';
import { startReaper } from '../../sandbox/reaper.ts';
import { createRunCommand } from '../../sandbox/run-command.ts';
import { stackSettings } from '../../sandbox/stack-settings.ts';
import { temporalServer } from '../../sandbox/temporal-server.ts';
import { ask } from '../../scripts/chaos/api.ts';
import { type Observed, TIMES } from '../../scripts/chaos/system.ts';
import type { Environment } from '../../src/process/config.ts';
import { testEnvironment } from '../support/environment.ts';
import { type KeptProcess, keepProcess } from '../support/kept-process.ts';
import type { Build } from './obtain-build.ts';

/** The programs of ours; each runs one build at a time. */
export const PROGRAMS = ['server-1', 'server-2', 'worker-1', 'worker-2'] as const;
export type Program = (typeof PROGRAMS)[number];

/** One Postgres, one Temporal, one pharmacy simulator and one receiver, and programs of ours from different builds. */
export interface UpgradeSystem extends Observed {
  readonly temporalAddress: string;
  /** Stops a program with SIGTERM if it runs, and starts it from a build; resolves when it is ready. */
  replace(program: Program, build: Build): Promise<void>;
  /** Runs `migrate` of a build. @throws {Error} it fails. */
  migrate(build: Build): Promise<void>;
  /** Runs `rx` of a build as an operator. @throws {Error} it fails. */
  rx(build: Build, args: readonly string[]): Promise<void>;
  /** Calls the control API of the simulator. */
  control(route: string, body: object): Promise<void>;
  /** The programs that ended by themselves, and what they logged as an error. */
  faults(): string[];
  stop(): Promise<void>;
}

/**
 * Starts everything but our programs, and prepares the database with the migrations and the fixtures of a build.
 *
 * @param folder gets the data and the logs.
 */
export async function startSystem(
  folder: string,
  build: Build,
  signal: AbortSignal,
): Promise<UpgradeSystem> {
  const logsDir = path.join(folder, 'logs');
  mkdirSync(logsDir, { recursive: true });
  const data = openDataFolder(path.join(folder, 'data'));
  const reaper = await startReaper();
  const runCommand = createRunCommand(reaper);
  const kept = new Map<string, KeptProcess>();
  const restarted = new Set<string>();

  const ports = await freePorts();
  const { PORT: secondPort, SIMULATOR_PORT: receiverPort } = await freePorts();
  const { secrets } = data;
  const settings = stackSettings({ env: testEnvironment(), ports, dataDir: data.path, secrets });
  const { foreignEnv, databaseUrl: ownerUrl } = settings;
  const receiptsFile = path.join(data.folder('receiver'), 'receipts.ndjson');
  const portOf = { 'server-1': ports.PORT, 'server-2': secondPort, 'worker-1': 1, 'worker-2': 1 };
  const serverUrls = [ports.PORT, secondPort].map((port) => `http://127.0.0.1:${port}`);

  async function start(name: string, part: Part): Promise<void> {
    const process = keepProcess(name, part, { reaper, logsDir });
    kept.set(name, process);
    await process.ready;
  }

  async function stopProgram(name: string): Promise<void> {
    const process = kept.get(name);
    if (process === undefined) return;
    if (process.groups.length > 1) restarted.add(name);
    await process.stop();
    kept.delete(name);
  }

  function environmentOf(program: Program, { name }: Build): Environment {
    const [role] = program.split('-') as ['server' | 'worker'];
    return {
      ...settings.env,
      ...TIMES,
      LOG_LEVEL: 'info',
      BUILD_ID: name,
      PORT: String(portOf[program]),
      DATABASE_URL: urlOfRole(ownerUrl, role),
      // Webhooks complete the orders that wait, so that each step finds some.
      // A pharmacy's answer that comes late on a busy machine would be another status than the steps expect.
      PHARMACY_TIMEOUT_MS: '15000',
      POLL_INITIAL_MS: '30000',
      POLL_MAX_MS: '60000',
    };
  }

  async function runProgram(
    { folder: from }: Build,
    program: string,
    args: readonly string[],
    DATABASE_URL: string,
  ): Promise<void> {
    const file = path.join(from, 'dist/src', program);
    const env = { ...settings.env, DATABASE_URL, RX_OPERATOR: 'upgrade test' };
    const { code, output } = await runCommand(process.execPath, [file, ...args], { env, signal });
    if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}:\n${output}`);
  }

  async function stop(): Promise<void> {
    for (const name of [...PROGRAMS, 'receiver', 'simulator', 'temporal', 'postgres']) {
      await stopProgram(name);
    }
    await reaper.close();
    data.release();
  }

  const receipts = { file: receiptsFile, secret: '' };
  const system: UpgradeSystem = {
    serverUrls,
    simulatorUrl: settings.simulatorUrl,
    temporalAddress: settings.temporalAddress,
    databaseUrl: ownerUrl,
    encryptionKeys: settings.encryptionKeys,
    documentsDir: data.folder('documents'),
    receipts,
    async replace(program, from) {
      await stopProgram(program);
      const source = program.startsWith('server') ? 'server' : 'worker';
      const env = environmentOf(program, from);
      const part = nodePart(source, `src/${source}.ts`, env, path.join(from.folder, 'dist'));
      await start(program, part);
      // The first server registers the endpoint, as the organization does.
      if (source === 'server' && receipts.secret === '') receipts.secret = await addEndpoint();
    },
    migrate: (from) => runProgram(from, 'migrate.js', [], ownerUrl),
    rx: (from, args) => runProgram(from, 'cli.js', args, urlOfRole(ownerUrl, 'operator')),
    async control(route, body) {
      const { status } = await ask(`${settings.simulatorUrl}/control/${route}`, body);
      if (status !== 200) throw new Error(`the simulator answers ${route} with ${status}`);
    },
    faults: () => [
      ...[...restarted].map((name) => `${name} ended by itself`),
      ...PROGRAMS.flatMap((name) => errorsIn(path.join(logsDir, `${name}.log`))),
    ],
    stop,
  };

  async function addEndpoint(): Promise<string> {
    const { json } = await ask(`${serverUrls[0]}/api/v1/webhook-endpoints`, {
      url: `http://127.0.0.1:${receiverPort}/rx`,
    });
    const { endpoint } = (json as { data: { endpoint: { secret: string } } }).data;
    return endpoint.secret;
  }

  try {
    const given = { env: testEnvironment(), run: runCommand, signal };
    const binary = await obtainTemporal({ ...given, news: process.stderr });
    const postgres = await preparePostgres({
      ...given,
      folder: data.folder('postgres'),
      port: ports.POSTGRES_PORT,
      password: secrets.postgresPassword,
      env: foreignEnv,
    });
    const temporal = temporalServer({
      ...settings,
      binary,
      folder: data.folder('temporal'),
      port: ports.TEMPORAL_PORT,
      uiPort: ports.TEMPORAL_UI_PORT,
      env: foreignEnv,
    });
    const receiverEnv = {
      ...foreignEnv,
      RECEIVER_PORT: String(receiverPort),
      RECEIVER_FILE: receiptsFile,
    };
    await Promise.all([
      start('postgres', postgres),
      start('temporal', temporal),
      start('simulator', nodePart('simulator', 'simulator/main.ts', settings.env)),
      start('receiver', nodePart('simulator', 'scripts/chaos/receiver.ts', receiverEnv)),
    ]);
    await system.migrate(build);
    // Written by the code of that build, whose tables they are.
    const from = path.join(build.folder, 'sandbox/prepare-database.ts');
    const { prepareDatabase } = (await import(from)) as typeof prepare;
    await prepareDatabase({ ...settings, simulator: Promise.resolve(settings.simulatorUrl) });
    return system;
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The different errors in a log, without the fields that change. */
function errorsIn(file: string): string[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  const errors = lines.filter((line) => line.includes('"level":"error"'));
  const texts = errors.map((line) => {
    const { part, msg, code = '' } = JSON.parse(line) as Record<string, string>;
    return `${part} logged an error: ${msg} ${code}`;
  });
  return [...new Set(texts)];
}
