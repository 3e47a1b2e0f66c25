import { Client, Connection } from '@temporalio/client';
import { burst } from './burst.ts';
import type { Contender } from './contenders.ts';
import { type Comparison, type Figures, takeTurns } from './turns.ts';
import type { World } from './world.ts';

/** The options of a comparison of whole orders, with their defaults. */
export const WHOLE_ORDER_OPTIONS = {
  orders: 150,
  rounds: 3,
  'in-flight': 16,
  paced: 20,
  'per-second': 2,
};

type WholeOrderOptions = typeof WHOLE_ORDER_OPTIONS;
type Contenders = Readonly<Record<string, Contender>>;
type Pairs = readonly (readonly [string, string])[];

/** The workflows whose history is read. */
const SAMPLE = 20;

/** Lets contenders carry out orders in turns, many at a time and then paced. */
export async function compareWholeOrders(
  world: World,
  contenders: Contenders,
  options: WholeOrderOptions,
): Promise<{
  readonly inFlight: Comparison;
  readonly paced: Comparison;
  readonly history: Readonly<Record<string, Figures>>;
}> {
  const others = Object.keys(contenders).filter((name) => name !== 'ours');
  const pairs = others.map((name) => ['ours', name] as const);
  const lastOrders: Record<string, readonly string[]> = {};
  const bursts = Object.entries(contenders).map(([name, contender]) => {
    const turn = async (isWarmUp: boolean) => {
      const count = isWarmUp ? Math.ceil(options.orders / 3) : options.orders;
      const { ids, figures } = await burst(world, contender, count, options['in-flight']);
      lastOrders[name] = ids;
      return figures;
    };
    return [name, turn] as const;
  });
  const inFlight = await takeTurns(options.rounds, Object.fromEntries(bursts), pairs);
  const paced = await pacedTurns(contenders, options, pairs);
  const history: Record<string, Figures> = {};
  for (const [name, { workflowId, database }] of Object.entries(contenders)) {
    if (workflowId !== undefined) {
      const ids = (lastOrders[name] ?? []).slice(0, SAMPLE).map(workflowId);
      history[name] = await historyOf(world.stack.temporalAddress, ids);
      console.log(`history of an order, ${name}: ${JSON.stringify(history[name])}`);
    }
    await database?.connection.end();
  }
  return { inFlight, paced, history };
}

/** How long orders take that come one after the other. */
async function pacedTurns(
  contenders: Contenders,
  options: WholeOrderOptions,
  pairs: Pairs,
): Promise<Comparison> {
  const turns = Object.entries(contenders).flatMap(([name, { paced }]) => {
    if (paced === undefined) return [];
    const turn = async (): Promise<Figures> => {
      const times = (await paced(options.paced, options['per-second'])).sort((a, b) => a - b);
      const at = (share: number) => times[Math.floor(times.length * share)] ?? Number.NaN;
      return { p50Ms: at(0.5), p90Ms: at(0.9) };
    };
    return [[name, turn] as const];
  });
  return await takeTurns(options.rounds, Object.fromEntries(turns), pairs);
}

/** What Temporal keeps of an order, on average. */
async function historyOf(address: string, workflowIds: readonly string[]): Promise<Figures> {
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  const sums = { events: 0, workflowTasks: 0, activities: 0, localActivities: 0, historyBytes: 0 };
  for (const workflowId of workflowIds) {
    const handle = client.workflow.getHandle(workflowId);
    const events = (await handle.fetchHistory()).events ?? [];
    const { raw } = await handle.describe();
    sums.events += events.length;
    sums.workflowTasks += events.filter(
      (event) => event.workflowTaskCompletedEventAttributes,
    ).length;
    sums.activities += events.filter((event) => event.activityTaskScheduledEventAttributes).length;
    sums.localActivities += events.filter((event) => event.markerRecordedEventAttributes).length;
    sums.historyBytes += Number(raw.workflowExecutionInfo?.historySizeBytes ?? 0);
  }
  await connection.close();
  const averages = Object.entries(sums).map(([name, sum]) => {
    return [name, Number((sum / workflowIds.length).toFixed(1))];
  });
  return Object.fromEntries(averages) as Figures;
}
