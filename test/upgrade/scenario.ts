import { Client, Connection } from '@temporalio/client';
import { type Build, NEXT_PATCH } from './obtain-build.ts';
import type { OpenOrders, Orders } from './orders.ts';
import { PROGRAMS, type UpgradeSystem } from './system.ts';

/** The builds of a run: the one before, this one, and one after this one, whose workflows have another patch. */
export interface Builds {
  readonly previous: Build;
  readonly present: Build;
  readonly next: Build;
}

/** What a run saw besides the ledgers. */
export interface Seen {
  readonly steps: number;
  /** Orders whose workflow tasks ran on the build before and on this one. */
  readonly ordersOfBothBuilds: number;
  /** Orders with the patch of the next build, which waited while this build ran alone. */
  readonly waitedForNextBuild: number;
  readonly faults: readonly string[];
}

const [SERVER_1, SERVER_2, WORKER_1, WORKER_2] = PROGRAMS;
const PATCHED = 4;

/** Finds the open orders that have the patch of {@link buildNext}: only workers of that build continue them. */
const WAITING_FOR_NEXT = `WorkflowType='order' AND ExecutionStatus='Running' AND TemporalChangeVersion='${NEXT_PATCH}'`;

/**
 * Upgrades from the previous build to the present one, back, and there again; then to the next one and back. Orders of
 * every status are open at each step, and others come during it.
 */
export async function runScenario(
  system: UpgradeSystem,
  orders: Orders,
  { previous, present, next }: Builds,
  say: (line: string) => void,
): Promise<Seen> {
  const faults: string[] = [];
  let steps = 0;
  let open: OpenOrders | undefined;

  /** Leaves orders open before a step, and finishes those of the step before after it. */
  async function step(what: string, work: () => Promise<void>, operators = present) {
    say(what);
    steps += 1;
    const before = open;
    open = await orders.placeSome();
    await orders.during(work);
    if (before !== undefined) await orders.finish(before, operators);
  }

  const replace = (build: Build, ...programs: (typeof PROGRAMS)[number][]) => {
    return async () => {
      for (const program of programs) {
        await step(`${program}: ${build.name}`, () => system.replace(program, build), build);
      }
    };
  };
  const pharmacyIsUp = (up: boolean) => system.control('pharmacies/pharmacy-down', { up });

  say(`all programs: ${previous.name}`);
  for (const program of PROGRAMS) await system.replace(program, previous);
  await step(`migrate: ${present.name}`, () => system.migrate(present), previous);
  await replace(present, WORKER_1, WORKER_2, SERVER_1, SERVER_2)();
  await pharmacyIsUp(true);
  await step(`migrate again: ${present.name}`, () => system.migrate(present));
  await pharmacyIsUp(false);

  // Workers first here, too, so that newer servers also run beside older workers.
  say('rollback');
  await replace(previous, WORKER_1, WORKER_2, SERVER_1, SERVER_2)();
  await pharmacyIsUp(true);
  await step(`migrate: ${previous.name}`, () => system.migrate(previous), previous);
  await pharmacyIsUp(false);

  say('the upgrade again');
  await replace(present, WORKER_1, WORKER_2, SERVER_1, SERVER_2)();
  await pharmacyIsUp(true);
  const ordersOfBothBuilds = await countByBuilds(system, previous, present);
  if (ordersOfBothBuilds === 0) faults.push('no order ran on both builds');

  const waitedForNextBuild = await rollBackAPatch();
  return { steps, ordersOfBothBuilds, waitedForNextBuild, faults };

  /** A rollback of a build with a new patch: its runs wait, all others go on, and they end when it is back. */
  async function rollBackAPatch(): Promise<number> {
    await replace(next, WORKER_1, WORKER_2)();
    if (open !== undefined) await orders.finish(open, next);
    open = undefined;
    const patched = await orders.placeWaiting(PATCHED);
    await everyWorker(present);
    await orders.complete(patched);
    const others = await orders.placeWaiting(PATCHED);
    await orders.complete(others);
    for (const id of others) await orders.reach(id, 'COMPLETED');
    // The pharmacy completed these before the others.
    let waited = 0;
    for (const id of patched) {
      const status = await orders.statusOf(id);
      if (status === 'AWAITING_COMPLETION') waited += 1;
      else faults.push(`${id} of the next build is ${status} on this one`);
    }
    const listed = await countByQuery(system, WAITING_FOR_NEXT);
    if (listed < PATCHED)
      faults.push(`Temporal lists ${listed} orders that wait for the next build`);
    await everyWorker(next);
    for (const id of patched) await orders.reach(id, 'COMPLETED');
    return waited;
  }

  async function everyWorker(build: Build): Promise<void> {
    say(`${WORKER_1} and ${WORKER_2}: ${build.name}`);
    steps += 1;
    await orders.during(async () => {
      for (const worker of [WORKER_1, WORKER_2]) await system.replace(worker, build);
    });
  }
}

async function countByBuilds(system: UpgradeSystem, ...builds: Build[]): Promise<number> {
  const both = builds.map(({ name }) => `BuildIds='unversioned:${name}'`).join(' AND ');
  return await countByQuery(system, `WorkflowType='order' AND ${both}`);
}

async function countByQuery({ temporalAddress }: UpgradeSystem, query: string): Promise<number> {
  const connection = await Connection.connect({ address: temporalAddress });
  try {
    return (await new Client({ connection }).workflow.count(query)).count;
  } finally {
    await connection.close();
  }
}
