import { mkdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { createClients } from '../deployment/clients.ts';
import { prepare } from '../deployment/prepare.ts';
import { createShell } from '../deployment/shell.ts';
import { watchConnections } from '../deployment/watch-connections.ts';
import { eventually } from '../support/eventually.ts';
import { acceptedByServer, faultsOfContainers } from './checks.ts';
import { dockerCache } from './docker-cache.ts';
import { type Engine, startEngine } from './engine.ts';
import { obtainImages } from './images.ts';
import { openProject, PORTS, type Project } from './project.ts';
import { verdictOf } from './verdict.ts';

// npm run test:docker: runs docker-compose.yml in a container engine, sends orders through it while its services
// are killed, restarted and scaled, and counts the orders at the pharmacy. docs/deployment.md describes it.

const LIMIT_MS = 45 * 60_000;
/** Without one of them, orders wait. */
const ORDER_SERVICES = ['worker', 'server', 'temporal', 'postgres'];
/** How many orders are placed in each step. */
const { values } = parseArgs({ options: { orders: { type: 'string', default: '20' } } });
const EACH = Number(values.orders);

const since = Date.now();
const seconds = () => Number(((Date.now() - since) / 1_000).toFixed(1));
const say = (line: string) => console.error(`${String(seconds()).padStart(6)} s  ${line}`);

const ending = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort());
const timer = setTimeout(() => ending.abort(new Error(`not done after ${LIMIT_MS} ms`)), LIMIT_MS);

mkdirSync(dockerCache(), { recursive: true });
const folder = await mkdtemp(path.join(dockerCache(), 'run-'));
const logFile = path.join(dockerCache(), 'test-docker.log');
await rm(logFile, { force: true });
const shell = createShell(logFile, ending.signal);
say(`what the commands print is in ${logFile}`);

const projectFolder = path.join(folder, 'project');
let engine: Engine | undefined;
let line: object | undefined;
try {
  engine = await startEngine(shell, path.join(folder, 'engine'), say);
  const images = await obtainImages(shell, engine, path.join(folder, 'contexts'), say);
  line = await test(engine, await openProject(shell, engine, projectFolder), images);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  clearTimeout(timer);
  say('removing everything');
  if (engine !== undefined) await cleanUp(engine);
  await rm(folder, { recursive: true, force: true });
  if (line !== undefined) console.log(JSON.stringify({ ...line, seconds: seconds() }));
  // A command that was killed may have left an open pipe.
  process.exit();
}

async function test(
  docker: Engine,
  system: Project,
  images: Record<string, string>,
): Promise<object> {
  say('docker compose build');
  await system.compose(['build'], { limitMs: 20 * 60_000 });
  say('docker compose up --wait');
  const startedAt = Date.now();
  await system.compose(['up', '--wait', '--wait-timeout', '300']);
  const startSeconds = (Date.now() - startedAt) / 1_000;
  const superuser = `postgres:${await system.secret('postgres_password')}`;
  const stopWatching = watchConnections(
    `postgres://${superuser}@127.0.0.1:${PORTS.POSTGRES_PORT}/postgres`,
  );

  say('an organization, a key, a pharmacy and a case');
  const pharmacies = ['pharmacy-123'];
  const clients = createClients({
    ...(await prepare(system, 'http://simulator:4010', pharmacies)),
    ...{ pharmacies, clients: 8, limitMs: 3 * 60_000 },
    baseUrl: `http://127.0.0.1:${PORTS.PORT}`,
    signal: ending.signal,
  });
  const faults = await faultsOfContainers(shell, docker, system);
  await clients.place(EACH);

  for (const service of [...ORDER_SERVICES, 'codec', 'console', 'temporal-ui']) {
    say(`orders while ${service} is killed`);
    await Promise.all([clients.place(EACH), system.crash(service)]);
  }
  for (const service of ORDER_SERVICES) {
    say(`orders while ${service} is restarted`);
    await Promise.all([clients.place(EACH), system.compose(['restart', service])]);
    await system.healthy(service);
  }

  say('two servers behind a proxy, and two workers');
  await system.scaleOut();
  await clients.place(EACH);
  await Promise.all([clients.place(EACH), system.crash('server'), system.crash('worker')]);
  await system.healthy('server', 2);
  // The proxy asks Docker's name server again every two seconds.
  await eventually(
    'the proxy uses both servers',
    async () => {
      await clients.place(EACH);
      return (await acceptedByServer(system, 2)).every((count) => count > 0);
    },
    60_000,
  ).catch((error: unknown) => faults.push(String(error)));

  const acknowledged = [...clients.acknowledged.values()];
  say(`waiting until ${acknowledged.length} orders are COMPLETED`);
  const open = new Set(acknowledged);
  await eventually(
    'every order is COMPLETED',
    async () => {
      for (const id of open) {
        if ((await clients.read(id))?.status === 'COMPLETED') open.delete(id);
      }
      return open.size === 0;
    },
    5 * 60_000,
  ).catch(() => undefined);
  await system.rx(['doctor']).catch(() => faults.push('rx doctor reports a failed check'));

  const verdict = await verdictOf(shell, docker, system, acknowledged, open);
  for (const fault of faults) console.error(`fault: ${fault}`);
  if (verdict.lost > 0 || verdict.duplicated > 0 || faults.length > 0) process.exitCode = 1;
  const { total, limit, byRole } = await stopWatching();
  console.error(`connections by role: ${JSON.stringify(byRole)}`);
  console.error(`base images: ${JSON.stringify(images)}`);
  return {
    ...verdict,
    resent: clients.resent,
    faults: faults.length,
    connections: total,
    maxConnections: limit,
    startSeconds,
  };
}

/** Removes what the test made, also after an interruption. */
async function cleanUp(docker: Engine): Promise<void> {
  const last = createShell(logFile, new AbortController().signal);
  const system = await openProject(last, docker, projectFolder);
  await system.remove().catch((error: unknown) => say(`cannot remove all: ${String(error)}`));
  await docker.stop(last);
}
