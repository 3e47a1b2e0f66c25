import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../test/support/eventually.ts';
import { BUSY, createOrderClients, MEASURED, median } from './order-clients.ts';
import { acceptanceTurns } from './support/acceptance.ts';
import { burst } from './support/burst.ts';
import { startOurs } from './support/contenders.ts';
import { startDelayProxy } from './support/delay-proxy.ts';
import { sendOrders } from './support/load.ts';
import { numbers } from './support/options.ts';
import { type Figures, takeTurns } from './support/turns.ts';
import { type World, withWorld } from './support/world.ts';

/*
 *   npm run bench -- scale [--orders N] [--rounds N] [--waiting N] [--starts N]
 *
 * Measures what changes when there is more of something:
 *
 *   workers   whole orders with one worker process and with two
 *   frozen    accepting at an easy pace while Temporal runs, and while it is stopped (SIGSTOP)
 *   distant   how many orders of one organization a worker starts a second, with Temporal near, 30 ms and 300 ms away
 *   waiting   accepting, and an order of another organization, with none and with 10,000 orders in the outbox
 */

const options = numbers({ orders: 100, rounds: 2, waiting: 10_000, starts: 300 });
const IN_FLIGHT = 16;
const EASY_PACE = { connections: 64, perSecond: 20, count: 100 };
const ROUND_TRIPS_MS = [0, 30, 300];
const SINGLES = 5;
const LOAD = { connections: 32, seconds: 4 };

await withWorld(
  async (world) => {
    const workers = await oneAndTwoWorkers(world);
    const frozen = await withTemporalFrozen(world);
    const distant: Record<string, Figures> = {};
    for (const roundTripMs of ROUND_TRIPS_MS) {
      const figures = { startsPerSecond: await startsWithDistance(world, roundTripMs) };
      console.log(`Temporal ${roundTripMs} ms away: ${JSON.stringify(figures)}`);
      distant[`${roundTripMs}ms`] = figures;
    }
    const waiting = await withOrdersWaiting(world);
    console.log(JSON.stringify({ scale: { options, workers, frozen, distant, waiting } }));
  },
  {},
  { countsStatements: true },
);

async function oneAndTwoWorkers(world: World) {
  const contender = await startOurs(world);
  const measure = async (more: Readonly<Record<string, number>> = {}, count = options.orders) => {
    const all = { ...contender, pids: { ...contender.pids, ...more } };
    return (await burst(world, all, count, IN_FLIGHT)).figures;
  };
  return await takeTurns(
    options.rounds,
    {
      one: () => measure(),
      async two() {
        const second = await world.programs.start('src/worker.ts', {
          ...world.stack.workerEnv,
          METRICS_ADDRESS: '',
        });
        await measure({}, Math.ceil(options.orders / 4)); // warms it up
        const figures = await measure({ secondWorker: second.pid });
        await second.stop();
        return figures;
      },
    },
    [['two', 'one']],
  );
}

async function withTemporalFrozen({ stack, generator, receiver }: World) {
  const turn = async (): Promise<Figures> => {
    const { placed, p50, p99 } = await sendOrders(generator, { url: stack.baseUrl, ...EASY_PACE });
    stack.kill('temporal', 'SIGCONT');
    const start = performance.now();
    const allCame = async () => placed.every(({ id }) => receiver.came.has(id));
    await eventually('all orders are completed', allCame, 300_000);
    const secondsUntilAllCompleted = (performance.now() - start) / 1_000;
    return { accepted: placed.length, p50Ms: p50, p99Ms: p99, secondsUntilAllCompleted };
  };
  const frozen = async () => {
    stack.kill('temporal', 'SIGSTOP');
    return await turn();
  };
  return await takeTurns(options.rounds, { running: turn, frozen }, [['frozen', 'running']]);
}

/** Runs a stack of its own whose Temporal is so far away, with a task queue of its own. */
async function startsWithDistance(near: World, roundTripMs: number): Promise<number> {
  const proxy = await startDelayProxy(near.stack.temporalAddress, roundTripMs);
  let startsPerSecond = Number.NaN;
  try {
    await withWorld(
      async ({ stack, generator, database }) => {
        const load = { url: stack.baseUrl, connections: IN_FLIGHT, pharmacyId: 'pharmacy-manual' };
        await sendOrders(generator, { ...load, count: IN_FLIGHT }); // connects and warms up
        const noneWaits = async () => (await database`SELECT FROM outbox LIMIT 1`).length === 0;
        await eventually('the orders are started', noneWaits, 120_000);
        stack.kill('worker', 'SIGSTOP');
        await sendOrders(generator, { ...load, count: options.starts });
        stack.kill('worker', 'SIGCONT');
        const start = performance.now();
        await eventually('the orders are started', noneWaits, 600_000);
        startsPerSecond = Number(
          (options.starts / ((performance.now() - start) / 1_000)).toFixed(1),
        );
      },
      { TEMPORAL_ADDRESS: proxy.address, TEMPORAL_TASK_QUEUE: `distant-${roundTripMs}` },
    );
  } finally {
    await proxy.close();
  }
  return startsPerSecond;
}

async function withOrdersWaiting(world: World) {
  const { stack, generator, database } = world;
  const clients = createOrderClients(stack.baseUrl);
  const single = async () => median(await clients.complete(MEASURED, SINGLES));
  const { ours, insert } = await acceptanceTurns(world, LOAD);
  const accept = () => takeTurns(options.rounds, { ours, insert }, [['ours', 'insert']]);

  const aloneMs = await single();
  stack.kill('worker', 'SIGSTOP');
  const withNone = await accept();
  const load = { url: stack.baseUrl, connections: 32, client: BUSY };
  await sendOrders(generator, { ...load, count: options.waiting });
  const withMany = await accept();
  const inOutbox = (await database<{ count: number }[]>`SELECT count(*)::int FROM outbox`)[0]
    ?.count;
  stack.kill('worker', 'SIGCONT');
  await sleep(5_000); // the worker has all orders in flight that it takes on
  const besideMs = await single();
  console.log(
    `an order of another organization: ${aloneMs} ms alone, ${besideMs} ms beside ${inOutbox}`,
  );
  return { withNone, withMany, inOutbox, aloneMs, besideMs };
}
