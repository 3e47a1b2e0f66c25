import { randomInt } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { watchStopSignals } from '../sandbox/stop-signals.ts';
import { startClients } from './chaos/clients.ts';
import { startHostileLoad } from './chaos/hostile-load.ts';
import { keepHistories } from './chaos/keep-histories.ts';
import { leftovers } from './chaos/leftovers.ts';
import { describe, perform } from './chaos/perform.ts';
import { makeSchedule } from './chaos/schedule.ts';
import { runPharmacist, settle } from './chaos/settle.ts';
import { startSystem } from './chaos/system.ts';
import { verdictOf } from './chaos/verdict.ts';

/*
 *   npm run chaos -- [--seed N] [--orders N] [--kills N] [--copies N] [--temporal-down SECONDS]
 *                    [--hostile N] [--dry-run]
 *
 * Places orders on a whole system of real processes. Meanwhile it kills, freezes and restarts the
 * processes and disturbs their connections, by a schedule that follows from the seed. Then it compares
 * the ledgers of the clients, the pharmacies and the receiver with each other and with the API.
 * `--copies` sends this many equal requests for each order at once. `--hostile` first places this many orders of
 * another organization at each of three pharmacies that hang, drip and flood. The last line is the verdict.
 * Exit codes: 0, the system kept every promise; 1, it broke at least one, and the run keeps the logs,
 * the ledgers, the histories and the findings; 2, wrong arguments; 130, interrupted.
 */

/** How long the system may take to finish all orders after the last fault. */
const REST_MS = 120_000;
/** How long the processes may take to end when the run stops the system. */
const GONE_MS = 5_000;

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    orders: { type: 'string' },
    kills: { type: 'string' },
    copies: { type: 'string' },
    'temporal-down': { type: 'string' },
    hostile: { type: 'string' },
    'dry-run': { type: 'boolean' },
  },
});
const options = {
  seed: Number(values.seed ?? randomInt(2 ** 31 - 1)),
  orders: Number(values.orders ?? 30),
  kills: Number(values.kills ?? 4),
  copies: Number(values.copies ?? 1),
  temporalDownSeconds: Number(values['temporal-down'] ?? 0),
  hostile: Number(values.hostile ?? 0),
};
const { seed, orders, kills, copies, temporalDownSeconds, hostile } = options;
const isNumber = (value: number) => Number.isSafeInteger(value) && value >= 0;
if (!Object.values(options).every(isNumber) || copies < 1) {
  console.error('usage: npm run chaos -- [--seed N] [--orders N] [--kills N] [--copies N]');
  console.error('                        [--temporal-down SECONDS] [--hostile N] [--dry-run]');
  process.exit(2);
}
const again = [
  `npm run chaos -- --seed ${seed} --orders ${orders} --kills ${kills}`,
  ...(copies > 1 ? [`--copies ${copies}`] : []),
  ...(temporalDownSeconds > 0 ? [`--temporal-down ${temporalDownSeconds}`] : []),
  ...(hostile > 0 ? [`--hostile ${hostile}`] : []),
].join(' ');
const schedule = makeSchedule(options);
if (values['dry-run']) {
  for (const [name, offsetMs] of Object.entries(schedule.clockOffsetsMs)) {
    console.log(`the clock of ${name} is off by ${offsetMs} ms`);
  }
  for (const { atMs, pharmacyId, cancelAfterMs } of schedule.orders) {
    const cancelled =
      cancelAfterMs === null ? '' : `, cancelled ${cancelAfterMs} ms after its answer`;
    console.log(`${atMs} ms: an order for ${pharmacyId}${cancelled}`);
  }
  for (const step of schedule.steps) console.log(`${step.atMs} ms: ${describe(step)}`);
  process.exit(0);
}

const { stopping } = watchStopSignals(process.env);
setMaxListeners(0, stopping); // each order and each step adds a listener
const folder = await mkdtemp(path.join(os.tmpdir(), 'rx-chaos-'));
const log: string[] = [];
const began = Date.now();
const progress = (text: string) => {
  const line = `${((Date.now() - began) / 1_000).toFixed(1).padStart(6)} s  ${text}`;
  log.push(line);
  console.error(line);
};
console.error(again);
try {
  process.exitCode = (await run()) ? 0 : 1;
} catch (error) {
  if (!stopping.aborted) throw error;
  process.exitCode = 130;
} finally {
  if (process.exitCode === 1 || process.exitCode === undefined) {
    console.error(`kept: ${folder}\nagain: ${again}`);
  } else {
    await rm(folder, { recursive: true, force: true });
  }
}

async function run(): Promise<boolean> {
  const system = await startSystem(folder, schedule, seed, stopping);
  let stopHostile = () => {};
  const pharmacist = new AbortController();
  try {
    if (hostile > 0) stopHostile = await startHostileLoad(system, hostile);
    const start = Date.now();
    progress(`the system is up; the load takes ${schedule.loadMs / 1_000} s`);
    const loadEnd = start + schedule.loadMs;
    const clients = startClients(schedule.orders, {
      serverUrls: system.serverUrls,
      keyOf: (index) => `chaos-${seed}-${index}`,
      deadline: loadEnd + REST_MS,
      signal: stopping,
    });
    void runPharmacist(system, clients, pharmacist.signal);
    const performed = await perform(schedule.steps, system, stopping, progress);
    progress('the last fault is over');
    // No download may still be in progress when the run compares the documents.
    stopHostile();
    const deadline = Math.max(Date.now(), loadEnd) + REST_MS;
    const settled = await settle(system, clients, deadline, stopping, progress);
    const seconds = Math.round((Date.now() - start) / 1_000);
    await keepHistories(
      path.join(folder, 'histories'),
      system.temporalAddress,
      settled.violations,
    ).catch((error: unknown) => progress(`cannot keep the histories: ${String(error)}`));
    pharmacist.abort();
    await system.stop();
    stopping.throwIfAborted();
    const violations = [...settled.violations, ...(await leftovers(system.processes, GONE_MS))];
    for (const { kind, subject, detail } of violations) progress(`${kind}: ${subject} ${detail}`);
    await keep('evidence.json', JSON.stringify(settled.evidence ?? clients.records, null, 1));
    await keep('violations.json', JSON.stringify(violations, null, 1));
    await keep('steps.log', `${log.join('\n')}\n`);
    const verdict = verdictOf(clients.records, violations, { ...performed, seconds });
    console.log(JSON.stringify({ ...verdict, seed }));
    return violations.length === 0;
  } finally {
    pharmacist.abort();
    await system.stop();
    stopHostile();
  }
}

async function keep(name: string, text: string): Promise<void> {
  await writeFile(path.join(folder, name), text);
}
