import { openDatabase } from '../src/storage/database.ts';
import { startServer } from '../test/support/server-process.ts';
import { startBenchStack } from './bench-stack.ts';
import {
  acceptedAtFirstRefusal,
  acceptedMs,
  offerOrders,
  openConnections,
  type SentOrder,
} from './open-loop.ts';

// Measures at which load the server begins to refuse orders, and checks that it refuses correctly. The
// load on the real process doubles until it reaches a limit, and once more. The two limits are lower than
// in production, so that seconds of load reach them.

const STEP_SECONDS = 6;
const MOST_STEPS = 6;

/** A limit, and the first rate of orders. */
interface Ramp {
  readonly name: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly fromPerSecond: number;
}

const stack = await startBenchStack({ LOG_LEVEL: 'warn' });
try {
  // Orders arrive faster than workers process them.
  const outbox = await climb({
    name: 'outbox',
    settings: { OUTBOX_LIMIT: '200' },
    fromPerSecond: 25,
  });
  // Orders arrive faster than Postgres stores them.
  const queue = await climb({
    name: 'queue',
    settings: { REQUEST_QUEUE_LIMIT: '100' },
    fromPerSecond: 100,
  });
  const sent = [...outbox, ...queue];
  const accepted = new Set(sent.flatMap(({ orderId }) => orderId ?? []));
  const stored = await storedOrders();
  const kept = [...accepted].filter((orderId) => stored.has(orderId)).length;
  console.log(`${accepted.size} orders got 200, ${stored.size} are stored`);
  console.log(
    JSON.stringify({
      backpressureAtPerSecond: acceptedAtFirstRefusal(queue),
      backpressureOutboxAtPerSecond: acceptedAtFirstRefusal(outbox),
      backpressureP99Ms: acceptedMs(sent, 0.99),
      backpressureLost: accepted.size - kept,
      backpressureUnanswered: stored.size - kept,
    }),
  );
} finally {
  await stack.stop();
}

/** Sends orders to a server with one low limit, until it refuses some and one step beyond. */
async function climb({ name, settings, fromPerSecond }: Ramp): Promise<SentOrder[]> {
  const server = await startServer(stack, { ...settings, LOG_LEVEL: 'error' });
  const agent = await openConnections(server.url);
  const sent: SentOrder[] = [];
  try {
    let refusing = false;
    for (let step = 0; step < MOST_STEPS; step += 1) {
      const perSecond = fromPerSecond * 2 ** step;
      const orders = await offerOrders(server.url, agent, perSecond, STEP_SECONDS);
      sent.push(...orders);
      console.log(`${name}: ${perSecond} orders a second offered, ${summary(orders)}`);
      if (refusing) break;
      refusing = orders.some(({ orderId }) => orderId === undefined);
    }
    return sent;
  } finally {
    agent.destroy();
    await server.kill();
  }
}

function summary(orders: readonly SentOrder[]): string {
  const accepted = orders.filter(({ orderId }) => orderId !== undefined).length;
  const rate = Math.round(accepted / STEP_SECONDS);
  const times =
    accepted === 0
      ? ''
      : `, half of them within ${acceptedMs(orders, 0.5)} ms, 99 % within ${acceptedMs(orders, 0.99)} ms`;
  return `${rate} accepted${times}; ${orders.length - accepted} orders got 503`;
}

async function storedOrders(): Promise<Set<string>> {
  const database = openDatabase(stack.databaseUrl, 1);
  const rows = await database<{ id: string }[]>`SELECT id FROM orders`;
  await database.end();
  return new Set(rows.map(({ id }) => id));
}
