import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { NativeConnection } from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, expect, inject, it } from 'vitest';
import { createDeliver } from '../../../src/engine/deliver.ts';
import { type Dispatcher, startDispatcher } from '../../../src/engine/dispatcher.ts';
import { leaseRows, type OutboxRow, postponeRow } from '../../../src/engine/outbox.ts';
import { createPacer } from '../../../src/engine/pacer.ts';
import { acceptOrder } from '../../../src/orders/accept-order.ts';
import { createStartNotifier } from '../../../src/orders/dispatcher-notifier.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';
import { examplePlaceOrder } from '../../support/example.ts';
import { createKeptLog } from '../../support/logs.ts';
import {
  createOrganization,
  HASH_SECRET,
  TESTER,
  type TestOrganization,
} from '../../support/organization.ts';

let db: TestDatabase;
let organization: TestOrganization;
const dispatchers: Dispatcher[] = [];

beforeAll(async () => {
  db = await createTestDatabase();
  organization = await createOrganization(db.database);
});
afterEach(async () => {
  await Promise.all(dispatchers.splice(0).map((dispatcher) => dispatcher.stop()));
  await db.database`DELETE FROM outbox`;
});
afterAll(() => db.drop());

const accept = () => acceptFor(organization);

async function acceptFor({ organizationId, caseId }: TestOrganization): Promise<string> {
  const { order } = examplePlaceOrder();
  const request = { action: 'PLACE_ORDER' as const, order };
  const acceptance = { organizationId, caseId, request, by: TESTER };
  return (await acceptOrder(db.database, HASH_SECRET, acceptance)).orderId;
}

const enqueue = (orderId: string, kind: OutboxRow['kind']) =>
  db.database`INSERT INTO outbox (order_id, kind) VALUES (${orderId}, ${kind})`;

const rowsLeft = async () => (await db.database`SELECT FROM outbox`).length;

/** Starts a dispatcher with this `deliver`; each delivered row's order then moves on, as with a worker. */
function dispatch(deliver: (row: OutboxRow) => Promise<void>): void {
  const withDeadline = <T>(_deadline: number, run: () => Promise<T>) => run();
  const pacer = createPacer(db.database);
  dispatchers.push(
    startDispatcher({
      database: db.database,
      pacer,
      async deliver(row) {
        await deliver(row);
        await db.database`UPDATE orders SET status = ${row.kind === 'start' ? 'PLACING' : 'COMPLETED'} WHERE id = ${row.orderId}`;
        pacer.report(row.orderId);
      },
      withDeadline,
      log: createKeptLog(),
    }),
  );
}

it('delivers each row once when many dispatchers share the outbox', async () => {
  const orders = await Promise.all(Array.from({ length: 100 }, accept));
  const delivered: string[] = [];
  for (let n = 0; n < 4; n += 1) {
    dispatch(async (row) => {
      await sleep(5);
      delivered.push(row.orderId);
    });
  }
  await eventually('the outbox is empty', async () => (await rowsLeft()) === 0);
  expect(delivered.sort()).toEqual(orders.sort());
});

it('delivers the rows of one order in sequence, one at a time', async () => {
  const orderId = await accept();
  for (const kind of ['completion', 'cancel', 'completion'] as const) await enqueue(orderId, kind);
  const kinds: string[] = [];
  let inHand = 0;
  const deliver = async (row: OutboxRow) => {
    expect((inHand += 1)).toBe(1);
    await sleep(20);
    kinds.push(row.kind);
    inHand -= 1;
  };
  dispatch(deliver);
  dispatch(deliver);
  await eventually('the outbox is empty', async () => (await rowsLeft()) === 0);
  expect(kinds).toEqual(['start', 'completion', 'cancel', 'completion']);
});

it('delivers a single row early, even if another organization has a thousand older ones', async () => {
  // In batches, because accepting an order times out after two seconds.
  for (let batch = 0; batch < 20; batch += 1) {
    await Promise.all(Array.from({ length: 50 }, accept));
  }
  const other = await createOrganization(db.database);
  const single = await acceptFor(other);
  const delivered: string[] = [];
  dispatch(async (row) => {
    delivered.push(row.orderId);
  });
  await eventually('the single row is delivered', async () => delivered.includes(single));
  expect(delivered.indexOf(single)).toBeLessThan(10);
});

it('keeps capacity free during a burst, so that another organization’s row does not wait', async () => {
  await Promise.all(Array.from({ length: 40 }, accept));
  const burst = organization.organizationId;
  const leased = await leaseRows(db.database, 'starts', 8, 60_000, { mostOfOne: 6 });
  expect(leased.rows.map((row) => row.organizationId)).toEqual(Array(6).fill(burst));

  const single = await acceptFor(await createOrganization(db.database));
  const inHand = new Map([[burst, 6]]);
  const { rows } = await leaseRows(db.database, 'starts', 2, 60_000, { inHand, mostOfOne: 6 });
  expect(rows.map(({ orderId }) => orderId)).toEqual([single]);
});

it('starts no more orders of a burst until the workers have begun with the first', async () => {
  const burst = await Promise.all(Array.from({ length: 40 }, accept));
  const delivered: string[] = [];
  const withDeadline = <T>(_deadline: number, run: () => Promise<T>) => run();
  const deliver = async (row: OutboxRow) => void delivered.push(row.orderId);
  dispatchers.push(
    startDispatcher({
      ...{ database: db.database, pacer: createPacer(db.database) },
      ...{ deliver, withDeadline, log: createKeptLog() },
    }),
  );
  await eventually('some are started', async () => delivered.length >= 3);
  await sleep(500);
  expect(delivered).toHaveLength(3);

  await db.database`UPDATE orders SET status = 'PLACING' WHERE id = ANY(${burst}::uuid[])`;
  await eventually('the others follow', async () => delivered.length > 3);
});

it('starts orders while completed orders of their organization wait for a retry', async () => {
  const stuck = await Promise.all(Array.from({ length: 3 }, accept));
  await db.database`DELETE FROM outbox`;
  await db.database`
    UPDATE orders SET status = 'FETCHING_DOCUMENTS', delay_code = 'PHARMACY_UNAVAILABLE',
      delay_since = now(), delay_attempts = 1, delay_next_at = now() + interval '1 minute'
    WHERE id = ANY(${stuck}::uuid[])`;
  for (const orderId of stuck) await enqueue(orderId, 'completion');
  const delivered: OutboxRow['kind'][] = [];
  const withDeadline = <T>(_deadline: number, run: () => Promise<T>) => run();
  const deliver = async (row: OutboxRow) => void delivered.push(row.kind);
  dispatchers.push(
    startDispatcher({
      ...{ database: db.database, pacer: createPacer(db.database) },
      ...{ deliver, withDeadline, log: createKeptLog() },
    }),
  );
  await eventually('the completions are delivered', async () => delivered.length === 3);
  const began = performance.now();
  await accept();
  createStartNotifier(db.database)(); // as the server does
  await eventually('the order is started', async () => delivered.includes('start'));
  // Much less than the second for which a completion that does not fail counts.
  expect(performance.now() - began).toBeLessThan(900);
});

it('fills in the organization of a row that was inserted without one', async () => {
  await enqueue(await accept(), 'completion');
  const rows = await db.database<{ organizationId: string }[]>`SELECT organization_id FROM outbox`;
  expect(rows.map((row) => row.organizationId)).toEqual(Array(2).fill(organization.organizationId));
});

it('continues past a row that always fails, and keeps the row with its error code', async () => {
  const bad = await accept();
  await enqueue(bad, 'completion');
  const good = await Promise.all(Array.from({ length: 40 }, accept));
  const delivered = new Set<string>();
  dispatch(async (row) => {
    if (row.orderId === bad) throw Object.assign(new Error('Jane Sample'), { code: 3 });
    delivered.add(row.orderId);
  });
  await eventually('the good rows are delivered', async () => delivered.size === good.length);
  const rows = await eventually('the bad row was retried', async () => {
    const left = await db.database<{ kind: string; attempts: number; lastError: string }[]>`
      SELECT kind, attempts, last_error FROM outbox ORDER BY id`;
    return (left[0]?.attempts ?? 0) >= 2 && left;
  });
  expect(rows.map((row) => row.kind)).toEqual(['start', 'completion']);
  expect(rows[0]?.lastError).toBe('Error_3');
  expect(rows[1]?.attempts).toBe(0);
});

it('names the search attribute that a namespace lacks, in the row’s error code', async () => {
  await accept();
  const connection = await NativeConnection.connect({ address: inject('temporal').address });
  try {
    const namespace = `without-attributes-${randomUUID()}`;
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: msToTs('1 day'),
    });
    dispatch(createDeliver(new Client({ connection, namespace }), 'orders'));
    await eventually('the error names an attribute', async () => {
      const [row] = await db.database<
        { lastError: string | null }[]
      >`SELECT last_error FROM outbox`;
      return /^SEARCH_ATTRIBUTE_MISSING_(Order|Organization|Case|Pharmacy)/.test(
        row?.lastError ?? '',
      );
    });
    await Promise.all(dispatchers.splice(0).map((dispatcher) => dispatcher.stop()));
  } finally {
    await connection.close();
  }
});

it('delivers sooner after a notification than by polling', async () => {
  const delivered = new Set<string>();
  dispatch(async (row) => {
    delivered.add(row.orderId);
  });
  const notify = createStartNotifier(db.database);
  const timeOf = async (afterwards: () => void) => {
    let spent = 0;
    for (let n = 0; n < 2; n += 1) {
      await sleep(300); // after a row the dispatcher polls again immediately, then sleeps
      const orderId = await accept();
      const start = performance.now();
      afterwards();
      await eventually('the row is delivered', async () => delivered.has(orderId));
      spent += performance.now() - start;
    }
    return spent;
  };
  const polled = await timeOf(() => {});
  const woken = await timeOf(notify);
  // A poll comes within five seconds, a notification within milliseconds.
  expect(woken).toBeLessThan(polled);
});

it('reads an empty outbox every few seconds', async () => {
  const scans = async () => {
    const [row] = await db.asSuperuser<{ scans: number }[]>`
      SELECT idx_scan::int AS scans FROM pg_stat_user_tables WHERE relname = 'outbox'`;
    return row?.scans ?? 0;
  };
  dispatch(async () => undefined);
  const before = await scans();
  await sleep(2_500);
  // The first read of both lanes looks into indexes, a poll of an empty outbox does not.
  expect((await scans()) - before).toBeLessThan(40);
});

it('takes over the row of a process that died, when its lease expires', async () => {
  const orderId = await accept();
  expect((await leaseRows(db.database, 'starts', 10, 700)).rows).toHaveLength(1);
  expect((await leaseRows(db.database, 'starts', 10, 700)).rows).toHaveLength(0);
  const delivered: string[] = [];
  dispatch(async (row) => {
    delivered.push(row.orderId);
  });
  await eventually('the row is delivered', async () => delivered.includes(orderId));
});

it('does not lease a postponed row before its time', async () => {
  await accept();
  const [row] = (await leaseRows(db.database, 'starts', 1, 60_000)).rows;
  await postponeRow(db.database, row?.id ?? '', 60_000, 'UNAVAILABLE');
  expect((await leaseRows(db.database, 'starts', 1, 60_000)).rows).toHaveLength(0);
});

it('finishes the rows in progress before it stops', async () => {
  await accept();
  let finished = false;
  let begun = () => {};
  const started = new Promise<void>((resolve) => {
    begun = resolve;
  });
  dispatch(async () => {
    begun();
    await sleep(300);
    finished = true;
  });
  await started;
  await dispatchers.pop()?.stop();
  expect(finished).toBe(true);
  expect(await rowsLeft()).toBe(0);
});
