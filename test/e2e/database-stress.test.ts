import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Database, isDatabaseUnavailable, openDatabase } from '../../src/storage/database.ts';
import { inTransaction } from '../../src/storage/transaction.ts';
import { eventually } from '../support/eventually.ts';
import { placeOrder } from '../support/order-load.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';

/* Postgres fails in several ways while clients place orders: no acknowledged order is lost. */

const CLIENTS = 8;

let test: TestStack;
let database: Database;
beforeAll(async () => {
  test = await startTestStack();
  database = openDatabase(test.stack.databaseUrl, 2);
});
afterAll(async () => {
  await database?.end({ timeout: 2 });
  await test?.close();
});

/** Starts clients that place one order after the other until they are stopped; collects the answers. */
function load(): {
  stop(): Promise<{ accepted: string[]; statuses: Map<number | string, number> }>;
} {
  const statuses = new Map<number | string, number>();
  const accepted: string[] = [];
  let stopped = false;
  const agent = new http.Agent({ keepAlive: true, maxSockets: CLIENTS });
  const clients = Array.from({ length: CLIENTS }, async () => {
    while (!stopped) {
      const answer = await placeOrder(test.stack.baseUrl, agent);
      const status = answer.kind === 'answered' ? answer.status : answer.kind;
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (answer.kind === 'answered' && status === 200) accepted.push(answer.body.data!.order.id);
      // The number is limited, because the stack completes all orders before it stops.
      await sleep(status === 200 ? 250 : 50);
    }
  });
  return {
    async stop() {
      stopped = true;
      await Promise.all(clients);
      agent.destroy();
      return { accepted, statuses };
    },
  };
}

/** Waits until orders are accepted again without intervention. */
async function expectService(): Promise<void> {
  await test.place('pharmacy-123');
}

async function expectStored(orderIds: readonly string[]): Promise<void> {
  const rows = await database<{ id: string }[]>`
    SELECT id FROM orders WHERE id = ANY(${[...orderIds]}::uuid[])`;
  expect(rows).toHaveLength(orderIds.length);
}

it('recovers automatically from restarts during transactions, and loses nothing', async () => {
  const { stop } = load();
  await sleep(1_000);
  // The shutdown modes fast and immediate (Postgres documentation, "Shutting Down the Server"), and a kill.
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    expect(test.stack.kill('postgres', signal)).toBe(true);
    await sleep(500);
    await expectService();
    await sleep(500);
  }
  const { accepted, statuses } = await stop();

  expect(accepted.length).toBeGreaterThan(CLIENTS);
  await eventually('Postgres answers', () => database`SELECT 1`.catch(() => undefined));
  await expectStored(accepted);
  for (const status of statuses.keys()) expect([200, 503]).toContain(status);
});

it('releases the locks of a client that went silent during a transaction', async () => {
  const orderId = await test.place('pharmacy-manual');
  const { hostname, port } = new URL(test.stack.databaseUrl);
  const proxy = await startTcpProxy({ host: hostname, port: Number(port) });
  const url = new URL(test.stack.databaseUrl);
  url.host = `127.0.0.1:${proxy.port}`;
  const silent = openDatabase(url.href, 1);
  try {
    const holding = inTransaction(silent, async (sql) => {
      await sql`SELECT FROM orders WHERE id = ${orderId} FOR UPDATE`;
      proxy.freeze();
      await sql`SELECT 1`;
    }).catch((error: unknown) => error);
    await sleep(500);
    await eventually(
      'the order can be changed again',
      async () => {
        return await database`
          UPDATE orders SET updated_at = now() WHERE id = ${orderId} RETURNING id`.catch(
          () => undefined,
        );
      },
      30_000,
    );
    await proxy.refuse();
    expect(isDatabaseUnavailable(await holding)).toBe(true);
  } finally {
    await silent.end({ timeout: 1 });
    await proxy.close();
  }
});

it('answers 503 while the disk is full, loses nothing, and continues when there is space', async () => {
  const open = await test.place('pharmacy-slow');
  const disk = await fillDisk();
  const { stop } = load();
  try {
    await sleep(3_000);
  } finally {
    await disk.free();
  }
  await expectService();
  const { accepted, statuses } = await stop();

  expect(statuses.get(503)).toBeGreaterThan(0);
  for (const status of statuses.keys()) expect([200, 503]).toContain(status);
  await expectStored(accepted);
  expect(await test.end(open)).toMatchObject({ status: 'COMPLETED' });
});

/** Makes Postgres answer every write of an order as if its disk were full. */
async function fillDisk(): Promise<{ free(): Promise<void> }> {
  await database.unsafe(`
    CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$`);
  const tables = ['orders', 'order_activity', 'outbox', 'inbox'];
  for (const table of tables) {
    await database.unsafe(`
      CREATE TRIGGER no_room BEFORE INSERT OR UPDATE ON ${table} EXECUTE FUNCTION no_room()`);
  }
  return {
    async free() {
      // One table at a time, and again after a lock timeout: the load holds the tables.
      for (const table of tables) {
        const drop = () => database.unsafe(`DROP TRIGGER IF EXISTS no_room ON ${table}`);
        await eventually(`${table} has space`, () =>
          drop().then(
            () => true,
            () => false,
          ),
        );
      }
      await database.unsafe('DROP FUNCTION no_room');
    },
  };
}
