import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { workflowBundle } from '../src/temporal/workflow-bundle.ts';
import { compilePrograms } from '../test/support/compile-programs.ts';
import { eventually } from '../test/support/eventually.ts';
import { sendOrders } from './support/load.ts';
import { numbers } from './support/options.ts';
import { cpuSeconds, memoryMb } from './support/proc.ts';
import { countStatements, resetStatements } from './support/statements.ts';
import type { Figures } from './support/turns.ts';
import { pidsOf, type World, withWorld } from './support/world.ts';

/*
 *   npm run bench -- footprint [--orders N] [--seconds N]
 *
 * Measures what the processes take while they do nothing (memory, statements and CPU a minute), and with open orders:
 *
 *   sources   the programs as `npm start` runs them, compiled by tsx when they start
 *   compiled  the programs as the image runs them
 */

const options = numbers({ orders: 500, seconds: 60 });
/** From the start until the processes are idle: connections are open, and garbage of the start is collected. */
const SETTLE_MS = 20_000;
const PARTS = ['server', 'worker', 'postgres', 'temporal'] as const;
/** No webhook comes from this pharmacy, and nothing ends its orders. */
const PHARMACY = 'pharmacy-manual';
/** As in production; the sandbox polls more often. */
const SETTINGS = { POLL_INITIAL_MS: '30000' };

const compiled = await compilePrograms();
try {
  // As scripts/build.mjs does.
  await writeFile(path.join(compiled, 'src/workflow-bundle.js'), (await workflowBundle()).code);
  const footprint: Record<string, Record<string, Figures>> = {};
  for (const [name, how] of Object.entries({ sources: {}, compiled: { compiled } })) {
    const measured = async (world: World) => {
      footprint[name] = await measure(world);
      console.log(`${name}: ${JSON.stringify(footprint[name])}`);
    };
    await withWorld(measured, SETTINGS, { countsStatements: true, ...how });
  }
  console.log(JSON.stringify({ footprint: { options, ...footprint } }));
} finally {
  await rm(compiled, { recursive: true, force: true });
}

async function measure(world: World): Promise<Record<string, Figures>> {
  const { stack, database, generator } = world;
  const pids = pidsOf(stack, PARTS);
  const memory = () => rounded(memoryMb(pids));
  await sleep(SETTLE_MS);
  const idleMb = memory();
  await resetStatements(database);
  const before = cpuSeconds(pids);
  await sleep(options.seconds * 1_000);
  const after = cpuSeconds(pids);
  const aMinute = (value: number) => (value * 60) / options.seconds;
  const of = async (role: 'server' | 'worker') => {
    const statements = { database: 'rx_orders', role: `rx_orders_${role}` };
    return aMinute(await countStatements(database, statements));
  };
  const statementsAMinute = { server: await of('server'), worker: await of('worker') };
  const cpu = PARTS.map((part) => [part, aMinute((after[part] - before[part]) * 1_000)]);

  const load = { connections: 16, count: options.orders, pharmacyId: PHARMACY };
  await sendOrders(generator, { url: stack.baseUrl, ...load });
  const allWait = async () => {
    const [row] = await database<{ count: number }[]>`
      SELECT count(*)::int AS count FROM orders WHERE status = 'AWAITING_COMPLETION'`;
    return row?.count === options.orders;
  };
  await eventually('all orders wait', allWait, 300_000);
  await sleep(SETTLE_MS);
  return {
    idleMb,
    statementsAMinute,
    cpuMsAMinute: rounded(Object.fromEntries(cpu) as Figures),
    withOpenOrdersMb: memory(),
  };
}

function rounded(figures: Figures): Figures {
  const all = Object.entries(figures).map(([name, value]) => [name, Math.round(value)]);
  return Object.fromEntries(all) as Figures;
}
