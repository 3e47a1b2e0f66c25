import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { createClients } from '../deployment/clients.ts';
import { prepare } from '../deployment/prepare.ts';
import { createShell } from '../deployment/shell.ts';
import { watchConnections } from '../deployment/watch-connections.ts';
import { obtainBuild } from '../upgrade/obtain-build.ts';
import { PREVIOUS_BUILDS } from '../upgrade/previous-builds.ts';
import { build } from './build.ts';
import { leftRunning } from './left-running.ts';
import { drill } from './restore-drill.ts';
import { prepareSite } from './site.ts';
import { prepareInstallation, startEverything, upgrade } from './start.ts';
import { createSystem, PROCESSES } from './system.ts';
import { verdictOf } from './verdict.ts';

// npm run test:production: the deployment of docs/deployment.md, "Without containers", on this machine. Orders flow
// while each process is killed, while another build replaces the programs, and while everything is lost and restored.

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '4' },
    pause: { type: 'string', default: '1000' },
  },
});
const LIMIT_MS = 45 * 60_000;
/** All of them complete an order, each in another way. */
const PHARMACIES = [
  ...['pharmacy-123', 'pharmacy-slow', 'pharmacy-123', 'pharmacy-lost-reply'],
  ...['pharmacy-123', 'pharmacy-late-documents', 'pharmacy-silent'],
];
/** How many orders are placed before the next fault. */
const BETWEEN = 15;

const since = Date.now();
const seconds = () => Number(((Date.now() - since) / 1_000).toFixed(1));
const say = (line: string) => console.error(`${String(seconds()).padStart(6)} s  ${line}`);

const ending = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort());
const timer = setTimeout(() => ending.abort(new Error(`not done after ${LIMIT_MS} ms`)), LIMIT_MS);
const folder = await mkdtemp(path.join(os.tmpdir(), 'rx-production-'));
const shell = createShell(path.join(folder, 'commands.log'), ending.signal);
say(`logs and data are in ${folder}`);

const faults: string[] = [];
let line: object | undefined;
try {
  line = await test();
} catch (error) {
  faults.push(error instanceof Error ? error.message : String(error));
}
clearTimeout(timer);
for (const fault of faults) console.error(`fault: ${fault}`);
const isOk = faults.length === 0;
// The logs of a run that failed explain it.
if (isOk) await rm(folder, { recursive: true, force: true });
const result = JSON.stringify({ ...line, faults: faults.length, seconds: seconds() });
console.log(`${isOk ? 'ok' : 'failed'}: ${result}`);
process.exit(isOk ? 0 : 1);

async function test(): Promise<object> {
  const previous = await obtainBuild(PREVIOUS_BUILDS.at(-1)?.commit ?? '', say);
  say('npm run build');
  const present = await build(shell);
  const site = await prepareSite(shell, folder);
  const system = await createSystem(shell, site, previous, faults);
  try {
    const installation = await prepareInstallation(shell, site, system, say);
    say('Postgres, a bucket, Temporal with mutual TLS, two servers, two workers, nginx');
    await startEverything(installation, previous, present);
    const stopWatching = watchConnections(site.superuserUrl);
    const prepared = await prepare(system, `http://127.0.0.1:${site.ports.simulator}`, [
      ...new Set(PHARMACIES),
    ]);
    const clients = createClients({
      ...{ ...prepared, baseUrl: site.baseUrl, pharmacies: PHARMACIES, limitMs: 10 * 60_000 },
      ...{ clients: Number(values.clients), signal: ending.signal },
    });
    const flow = clients.keepPlacing(Number(values.pause));
    await flow.grow(BETWEEN);

    say(`a rolling upgrade from ${previous.name}`);
    const resentBefore = clients.resent;
    await upgrade(installation, present, () => flow.grow(BETWEEN));
    const resentInUpgrade = clients.resent - resentBefore;

    for (const name of PROCESSES.toReversed()) {
      await system.crash(name);
      say(`${name} was killed, and is back`);
      await flow.grow(BETWEEN);
    }

    const restored = await drill(installation, present, clients, flow, say);
    if (restored.changed > 0) faults.push(`${restored.changed} orders got another id`);
    await flow.grow(BETWEEN);
    await flow.stop();

    say(`waiting until ${clients.acknowledged.size} orders are COMPLETED`);
    const verdict = await verdictOf(site, system, clients);
    for (const name of ['lost', 'duplicated', 'missingDocuments'] as const) {
      if (verdict[name] > 0) faults.push(`${name}: ${verdict[name]}`);
    }
    await system.rx(['doctor']).catch(() => faults.push('rx doctor reports a failed check'));
    await system.rx(['audit', 'verify']).catch(() => faults.push('rx audit verify fails'));
    const { total, limit, byRole } = await stopWatching();
    say(`connections by role: ${JSON.stringify(byRole)}`);

    say('stopping everything');
    for (const name of PROCESSES) await system.stop(name);
    faults.push(
      ...(await leftRunning([folder, present.folder])).map((each) => `still runs: ${each}`),
    );
    return {
      ...verdict,
      resent: clients.resent,
      resentInUpgrade,
      savedInBackup: restored.saved,
      placedAfterBackup: restored.after,
      restoreSeconds: restored.seconds,
      connections: total,
      maxConnections: limit,
    };
  } finally {
    await system.close();
    await present.remove();
  }
}
