import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { superuserUrl } from '../../sandbox/database-url.ts';
import { freePorts } from '../../sandbox/ports.ts';
import { type Database, openDatabase } from '../../src/storage/database.ts';
import { orderWorkflowId } from '../../src/workflows/order-messages.ts';
import { eventually } from '../../test/support/eventually.ts';
import type { ContenderSettings } from '../contenders/settings.ts';
import { BUSY } from '../order-clients.ts';
import { type LoadResult, sendOrders } from './load.ts';
import { configurePharmacy, pharmacyOf } from './pharmacy.ts';
import type { Pids } from './proc.ts';
import { pidsOf, type World } from './world.ts';

/** Orders that were sent, with what the turn needs to know of them. */
export interface Burst {
  readonly ids: readonly string[];
  /** Milliseconds since 1970; undefined when the contender has no such moment. */
  readonly completedAt?: number;
}

/** What carries orders out from the request to the notification. */
export interface Contender {
  readonly pids: Pids;
  /** Where it stores its orders. */
  readonly database?: { readonly name: string; readonly connection: Database };
  /** Carries out orders, so many at a time; resolves after the last notification. */
  burst(count: number, inFlight: number): Promise<Burst>;
  /** Carries out orders at a rate. @returns the milliseconds of each until its notification. */
  paced?(count: number, perSecond: number): Promise<number[]>;
  /** The id of an order's workflow in Temporal; undefined when it has none. */
  readonly workflowId?: (orderId: string) => string;
}

const PHARMACY = 'pharmacy-123';
const NOTIFIED_LIMIT_MS = 300_000;

/** This project, as `npm start` runs it, with one webhook endpoint. */
export async function startOurs(world: World): Promise<Contender> {
  const { stack } = world;
  await configurePharmacy(stack.simulatorUrl, PHARMACY, { completeAfterMs: 0 });
  const answer = await fetch(`${stack.baseUrl}/api/v1/webhook-endpoints`, {
    method: 'POST',
    headers: { 'cv-api-key': BUSY.key, 'content-type': 'application/json' },
    body: JSON.stringify({ url: world.receiver.url, events: ['ORDER_STATUS_CHANGED'] }),
  });
  if (answer.status !== 201) throw new Error(`the endpoint was refused: ${answer.status}`);
  const connection = openDatabase(superuserUrl(stack.databaseUrl), 1);
  return overHttp(world, stack.baseUrl, {
    pids: pidsOf(stack, ['server', 'worker', 'temporal', 'postgres', 'simulator']),
    database: { name: 'rx_orders', connection },
    workflowId: orderWorkflowId,
    async completedAt(ids) {
      const [row] = await connection<{ at: number }[]>`
        SELECT extract(epoch FROM max(at))::float8 * 1000 AS at FROM order_activity
        WHERE to_status = 'COMPLETED' AND order_id = ANY(${ids}) /* bench */`;
      return row?.at ?? Number.NaN;
    },
  });
}

/**
 * A solution as a tutorial would write it.
 *
 * @param name of its database.
 * @param engine starts the programs that carry the orders out.
 */
export async function startTextbook(
  world: World,
  name: string,
  engine: (settings: ContenderSettings) => Promise<Pids>,
): Promise<Contender> {
  const { stack, programs, receiver } = world;
  const { PORT: port, SIMULATOR_PORT: simulatorPort } = await freePorts();
  const baseUrl = `http://127.0.0.1:${port}`;
  const simulatorUrl = `http://127.0.0.1:${simulatorPort}`;
  const folder = path.join(world.folder, name);
  mkdirSync(folder);
  const simulator = await programs.start('simulator/main.ts', {
    SIMULATOR_HOST: '127.0.0.1',
    SIMULATOR_PORT: String(simulatorPort),
    SIMULATOR_DATA_DIR: path.join(folder, 'simulator'),
    SIMULATOR_WEBHOOK_URL: `${baseUrl}/webhooks/pharmacies`,
  });
  await configurePharmacy(simulatorUrl, PHARMACY, { completeAfterMs: 0 });
  const databaseUrl = await world.createDatabase(name);
  const connection = openDatabase(databaseUrl, 1);
  const pids = await engine({
    ...{ port, databaseUrl, temporalAddress: stack.temporalAddress, receiverUrl: receiver.url },
    ...{
      folder: path.join(folder, 'documents'),
      pharmacy: await pharmacyOf(simulatorUrl, PHARMACY),
    },
  });
  return overHttp(world, baseUrl, {
    pids: { ...pids, ...pidsOf(stack, ['postgres']), simulator: simulator.pid },
    database: { name, connection },
    ...('temporal' in pids ? { workflowId: (orderId: string) => orderId } : {}),
    async completedAt(ids) {
      const [row] = await connection<{ at: number }[]>`
        SELECT extract(epoch FROM max(completed_at))::float8 * 1000 AS at FROM orders
        WHERE id = ANY(${ids}) /* bench */`;
      return row?.at ?? Number.NaN;
    },
  });
}

/** The programs of the textbook's solution on Temporal, for {@link startTextbook}. */
export function onTemporal({ programs, stack }: World) {
  return async (settings: ContenderSettings): Promise<Pids> => {
    const server = await programs.start('bench/contenders/textbook-server.ts', asEnv(settings));
    const worker = await programs.start('bench/contenders/textbook-worker.ts', asEnv(settings));
    return { server: server.pid, worker: worker.pid, ...pidsOf(stack, ['temporal']) };
  };
}

/** Workflows with activities that do nothing. */
export async function startFloor({ programs, stack }: World): Promise<Contender> {
  const settings = asEnv({ temporalAddress: stack.temporalAddress });
  const program = await programs.start('bench/contenders/floor.ts', settings);
  return {
    pids: { worker: program.pid, ...pidsOf(stack, ['temporal']) },
    burst: async (count, inFlight) => ({
      ids: (await program.ask({ count, inFlight })) as string[],
    }),
    workflowId: (orderId) => orderId,
  };
}

/** The environment that hands settings to a contender. */
export function asEnv(settings: Partial<ContenderSettings>) {
  return { CONTENDER_SETTINGS: JSON.stringify(settings) };
}

function overHttp(
  { generator, receiver }: World,
  url: string,
  contender: Pick<Contender, 'pids' | 'database' | 'workflowId'> & {
    completedAt(ids: readonly string[]): Promise<number>;
  },
): Contender {
  const notified = ({ placed }: LoadResult) =>
    eventually(
      'all notifications come',
      async () => placed.every(({ id }) => receiver.came.has(id)),
      NOTIFIED_LIMIT_MS,
    );
  return {
    ...contender,
    async burst(count, inFlight) {
      const result = await sendOrders(generator, { url, connections: inFlight, count });
      await notified(result);
      const ids = result.placed.map(({ id }) => id);
      return { ids, completedAt: await contender.completedAt(ids) };
    },
    async paced(count, perSecond) {
      const result = await sendOrders(generator, { url, connections: 16, count, perSecond });
      await notified(result);
      return result.placed.map(({ id, at }) => (receiver.came.get(id) ?? Number.NaN) - at);
    },
  };
}
