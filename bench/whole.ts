import { Client, Connection } from '@temporalio/client';
import { burst } from './support/burst.ts';
import {
  type Contender,
  onTemporal,
  startFloor,
  startOurs,
  startTextbook,
} from './support/contenders.ts';
import { numbers } from './support/options.ts';
import { type Comparison, type Figures, takeTurns } from './support/turns.ts';
import { withWorld } from './support/world.ts';

/*
 *   npm run bench -- whole [--orders N] [--rounds N] [--in-flight N] [--paced N] [--per-second N]
 *
 * Measures whole orders, from the request to the signed notification of COMPLETED: what each costs in CPU by process,
 * statements, rows, bytes and events, and how long it takes. The contenders take turns on one machine, one Postgres and
 * one Temporal:
 *
 *   ours      this project, as `npm start` runs it
 *   textbook  what a good tutorial would write (contenders/textbook-*.ts): the request is checked and inserted, the workflow
 *             started, four activities, a signal of the pharmacy's webhook, two PDFs checked and stored, a signed
 *             notification; no encryption, audit log, idempotent replay, outbox, fairness and polling
 *   floor     the textbook's workflow with activities that do nothing; no HTTP and no Postgres
 */

const options = numbers({ orders: 150, rounds: 3, 'in-flight': 16, paced: 20, 'per-second': 2 });
/** The workflows whose history is read. */
const SAMPLE = 20;
const PAIRS = [
  ['ours', 'textbook'],
  ['ours', 'floor'],
] as const;

await withWorld(
  async (world) => {
    const contenders: Record<string, Contender> = {
      ours: await startOurs(world),
      textbook: await startTextbook(world, 'textbook', onTemporal(world)),
      floor: await startFloor(world),
    };
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
    const inFlight = await takeTurns(options.rounds, Object.fromEntries(bursts), PAIRS);
    const paced = await pacedTurns(contenders);
    const history: Record<string, Figures> = {};
    for (const [name, contender] of Object.entries(contenders)) {
      const ids = (lastOrders[name] ?? []).slice(0, SAMPLE).map(contender.workflowId);
      history[name] = await historyOf(world.stack.temporalAddress, ids);
      console.log(`history of an order, ${name}: ${JSON.stringify(history[name])}`);
      await contender.database?.connection.end();
    }
    console.log(JSON.stringify({ whole: { options, inFlight, paced, history } }));
  },
  {},
  { countsStatements: true },
);

/** How long orders take that come one after the other. */
async function pacedTurns(contenders: Readonly<Record<string, Contender>>): Promise<Comparison> {
  const turns = Object.entries(contenders).flatMap(([name, { paced }]) => {
    if (paced === undefined) return [];
    const turn = async (): Promise<Figures> => {
      const times = (await paced(options.paced, options['per-second'])).sort((a, b) => a - b);
      const at = (share: number) => times[Math.floor(times.length * share)] ?? Number.NaN;
      return { p50Ms: at(0.5), p90Ms: at(0.9) };
    };
    return [[name, turn] as const];
  });
  return await takeTurns(options.rounds, Object.fromEntries(turns), PAIRS);
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
