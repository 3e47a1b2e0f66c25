import { setMaxListeners } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { watchStopSignals } from '../../sandbox/stop-signals.ts';
import { settle } from '../../scripts/chaos/settle.ts';
import { verdictOf } from '../../scripts/chaos/verdict.ts';
import { type Build, buildNext, buildPresent, obtainBuild } from './obtain-build.ts';
import { createOrders, needOperator } from './orders.ts';
import { PREVIOUS_BUILDS } from './previous-builds.ts';
import { runScenario } from './scenario.ts';
import { startSystem } from './system.ts';

// npm run test:upgrade [-- --from COMMIT]: upgrades a system with open orders from each previous build to this one, rolls
// back, and compares the ledgers of clients, pharmacies and receiver at the end. docs/upgrading.md describes it.

/** How long the orders may take to end after the last step. */
const REST_MS = 180_000;

const { values } = parseArgs({ options: { from: { type: 'string' } } });
const { stopping } = watchStopSignals(process.env);
setMaxListeners(0, stopping); // each order adds a listener
const since = Date.now();
const seconds = () => Math.round((Date.now() - since) / 1_000);
const say = (line: string) => console.error(`${String(seconds()).padStart(5)} s  ${line}`);

const commits = PREVIOUS_BUILDS.map(({ commit }) => commit).filter((commit) =>
  commit.startsWith(values.from ?? ''),
);
if (commits.length === 0) {
  console.error(
    `no previous build begins with ${values.from}: see test/upgrade/previous-builds.ts`,
  );
  process.exit(2);
}

const made: Build[] = [];
const lines: object[] = [];
try {
  say('compiling this clone');
  const present = await buildPresent();
  made.push(present);
  const next = await buildNext(present);
  made.push(next);
  for (const commit of commits) {
    const previous = await obtainBuild(commit, say);
    lines.push(await run({ previous, present, next }));
  }
} catch (error) {
  if (!stopping.aborted) console.error(error instanceof Error ? error.message : error);
  process.exitCode = stopping.aborted ? 130 : 1;
} finally {
  for (const { folder } of made) await rm(folder, { recursive: true, force: true });
  if (lines.length > 0) console.log(JSON.stringify({ runs: lines, seconds: seconds() }));
}

async function run(builds: Parameters<typeof runScenario>[2]): Promise<object> {
  const from = builds.previous.name;
  say(`from ${from}`);
  const folder = await mkdtemp(path.join(os.tmpdir(), 'rx-upgrade-'));
  const system = await startSystem(folder, builds.previous, stopping);
  let kept = true;
  try {
    await needOperator(system);
    const orders = createOrders(system, `upgrade-${from}`, stopping);
    const seen = await runScenario(system, orders, builds, say);
    say('waiting until every order has ended');
    const end = Date.now() + REST_MS;
    const { evidence, violations } = await settle(system, orders.clients, end, stopping, say);
    await system.stop();
    const faults = [...seen.faults, ...system.faults()];
    for (const { kind, subject, detail } of violations) say(`${kind}: ${subject} ${detail}`);
    for (const fault of faults) say(`fault: ${fault}`);
    const failed = violations.length > 0 || faults.length > 0;
    if (failed) {
      process.exitCode = 1;
      await writeFile(path.join(folder, 'evidence.json'), JSON.stringify(evidence, null, 1));
    }
    kept = failed;
    const { acknowledged, lost, duplicated, unfinished, other } = verdictOf(
      orders.clients.records,
      violations,
      { kills: 0, seconds: 0 },
    );
    const counts = { orders: acknowledged, lost, duplicated, unfinished, other };
    return { from, ...counts, ...seen, faults: faults.length };
  } finally {
    await system.stop();
    if (kept) say(`kept: ${folder}`);
    else await rm(folder, { recursive: true, force: true });
  }
}
