import { setTimeout as sleep } from 'node:timers/promises';
import type { TransactionSql } from 'postgres';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import {
  type Database,
  isDatabaseUnavailable,
  openDatabase,
} from '../../../src/storage/database.ts';
import { inTransaction } from '../../../src/storage/transaction.ts';
import { eventually } from '../../support/eventually.ts';
import { ENCRYPTION_KEYS } from '../../support/organization.ts';
import { withKeysOf } from '../../support/sealed-rows.ts';
import {
  type Answer,
  exampleWithoutKey,
  startTestApi,
  type TestApi,
} from '../../support/test-api.ts';

/* Transactions that conflict with others: deadlocks, serialization failures, lost connections. */

let api: TestApi;
/** Connections of the test, which observe and block those of the app. */
let other: Database;
beforeAll(async () => {
  api = await startTestApi();
  const [{ name, server }] = await api.database<[{ name: string; server: number }]>`
    SELECT current_database() AS name, inet_server_port() AS server`;
  expect(server).toBeGreaterThan(0);
  // Deadlocks must be found before `lock_timeout` (1 s). Only new connections get the setting, so the test
  // ends those of the app.
  await api.asSuperuser.unsafe(`ALTER DATABASE ${name} SET deadlock_timeout = '400ms'`);
  const { host, port, user, pass } = api.asSuperuser.options;
  other = openDatabase(`postgres://${user}:${pass ?? ''}@${host[0]}:${port[0]}/${name}`, 3, {
    ...withKeysOf(ENCRYPTION_KEYS),
    statementLimitMs: 20_000,
  });
  await other`
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = ${name} AND pid <> pg_backend_pid()`;
  await eventually('the app is connected again', async () => {
    const answered = await api.database`SELECT 1`.catch(() => undefined);
    return answered !== undefined;
  });
});
let orderId: string;
beforeEach(async () => {
  orderId = (await api.place(exampleWithoutKey())).json.data.order.id as string;
  // The order was sent, so a cancellation goes to its workflow.
  await api.database`UPDATE orders SET status = 'PLACING', sent_at = now() WHERE id = ${orderId}`;
});
afterAll(async () => {
  await other?.end();
  await api?.close();
});

const cancel = (): Promise<Answer> => api.place({ action: 'CANCEL_ORDER', orderId });

/**
 * Causes a deadlock: the app locks the order and waits for the outbox, which the test has locked; then the
 * test waits for the order.
 */
async function causeDeadlock(request: () => Promise<unknown>): Promise<void> {
  const answered = await other.begin(async (sql) => {
    await sql`LOCK TABLE outbox IN SHARE MODE`;
    const waiting = request();
    await eventually('the app waits for the outbox', async () => {
      const [row] = await other`
        SELECT FROM pg_locks WHERE NOT granted AND relation = 'outbox'::regclass`;
      return row !== undefined;
    });
    await sql`SET LOCAL lock_timeout = '10s'`;
    await sql`SELECT FROM orders WHERE id = ${orderId} FOR UPDATE`;
    return { waiting };
  });
  await answered.waiting;
}

it('cancels an order although its transaction was the victim of a deadlock', async () => {
  let answer: Answer | undefined;
  await causeDeadlock(async () => {
    answer = await cancel();
  });

  expect(answer?.status).toBe(200);
  const requests = await api.database`
    SELECT FROM order_activity WHERE order_id = ${orderId} AND event = 'CANCEL_REQUESTED'`;
  expect(requests).toHaveLength(1);
});

it('stores the request to cancel an order that is sent at the same moment', async () => {
  await api.database`UPDATE orders SET status = 'ACCEPTED', sent_at = NULL WHERE id = ${orderId}`;
  const answered = await other.begin(async (sql) => {
    await sql`UPDATE orders SET status = 'PLACING', sent_at = now() WHERE id = ${orderId}`;
    const answer = cancel();
    await eventually('the app waits for the order', async () => {
      const [row] = await other`
        SELECT FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'`;
      return row !== undefined;
    });
    return { answer };
  });

  expect((await answered.answer).status).toBe(200);
  const [order] = await api.database`
    SELECT status, cancel_requested_by FROM orders WHERE id = ${orderId}`;
  expect(order).toEqual({ status: 'PLACING', cancelRequestedBy: 'api' });
});

it('retries after a serialization failure, up to three attempts', async () => {
  let runs = 0;
  const failing = inTransaction(api.database, async (sql) => {
    runs += 1;
    await sql`DO $$ BEGIN RAISE EXCEPTION 'synthetic' USING ERRCODE = '40001'; END $$`;
  });
  await expect(failing).rejects.toMatchObject({ code: '40001' });
  expect(runs).toBe(3);
});

/** Ends the connection of a transaction, like a restart of Postgres. */
async function cut(sql: TransactionSql): Promise<void> {
  const [{ pid }] = await sql<[{ pid: number }]>`SELECT pg_backend_pid() AS pid`;
  await other`SELECT pg_terminate_backend(${pid}, 5000)`;
}

// Without our guard, the library would end the process in some of these cases with an uncatchable error.
it.each<[moment: string, run: (sql: TransactionSql) => Promise<unknown>]>([
  ['before a statement', (sql) => cut(sql).then(() => sql`SELECT 1`)],
  [
    'a moment before a statement',
    (sql) =>
      cut(sql)
        .then(() => sleep(50))
        .then(() => sql`SELECT 1`),
  ],
  ['while a statement runs', (sql) => Promise.all([sql`SELECT pg_sleep(1)`, cutSoon()])],
  ['before the commit', (sql) => cut(sql).then(() => sleep(50))],
  [
    'before an error of its own',
    (sql) =>
      cut(sql)
        .then(() => sleep(50))
        .then(() => {
          throw new Error('x');
        }),
  ],
])('does not retry after the connection broke %s, and the pool recovers', async (_, run) => {
  let runs = 0;
  const broken = inTransaction(api.database, async (sql) => {
    runs += 1;
    await run(sql);
  });
  expect(isDatabaseUnavailable(await broken.catch((error: unknown) => error))).toBe(true);
  expect(runs).toBe(1);
  // The library may report the old connection’s error to the first query on the new one.
  await eventually('the whole pool serves', () =>
    Promise.all(
      Array.from({ length: 20 }, () => inTransaction(api.database, (sql) => sql`SELECT 1`)),
    ).catch(() => undefined),
  );
});

async function cutSoon(): Promise<void> {
  await eventually('a statement sleeps', async () => {
    const ended = await other`
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND query LIKE 'SELECT pg_sleep%'`;
    return ended.length > 0;
  });
}
