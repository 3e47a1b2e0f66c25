import { setTimeout as sleep } from 'node:timers/promises';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { urlOfRole } from '../../sandbox/database-url.ts';
import { startFigures } from '../../src/operators/start-figures.ts';
import { type Database, openDatabase } from '../../src/storage/database.ts';
import { orderWorkflowId } from '../../src/workflows/order-messages.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createEndpoint, startTestDeliveries, type TestDeliveries } from '../support/deliveries.ts';
import { eventually } from '../support/eventually.ts';
import {
  createOrganization,
  ENCRYPTION_KEYS,
  type TestOrganization,
} from '../support/organization.ts';
import { startReceiver, type TestReceiver } from '../support/receiver.ts';
import { withKeysOf } from '../support/sealed-rows.ts';
import { startSimulator, type TestSimulator } from '../support/simulator.ts';
import { type StatementCounter, startStatementCounter } from '../support/statement-counter.ts';
import { exampleWithoutKey, sendTo } from '../support/test-api.ts';
import { startWorker, type TestWorker } from '../support/worker.ts';

// What an order costs that goes well, from its request to its signed webhook: exact numbers of statements, of events
// and of workflow tasks. docs/performance.md explains them.

const PHARMACY = 'pharmacy-123';
const ORDERS = 40;
const IN_FLIGHT = 16;
/** Statements that are sent by time, not by order: polls, and reads of what a process keeps for a second. */
const BY_TIME = [
  /^SELECT FROM outbox LIMIT/,
  /^SELECT count\(\*\) > \$1 AS beyond FROM \(SELECT FROM outbox/,
  /^WITH RECURSIVE queued AS \( \(SELECT endpoint_id FROM webhook_deliveries WHERE workflow_wanted/,
  /^SELECT id, status, delay_since IS NOT NULL AS delayed FROM orders WHERE id = ANY/,
  /^SELECT id, kind, base_url, token, .* FROM pharmacies/,
  /^WITH key AS \( SELECT .* FROM api_keys/,
];

let db: TestDatabase;
let counter: StatementCounter;
let organization: TestOrganization;
let app: TestApp;
let asWorker: Database;
let worker: TestWorker;
let deliveries: TestDeliveries;
let receiver: TestReceiver;
let simulator: TestSimulator;
const pools: { end(): Promise<void> }[] = [];

beforeAll(async () => {
  db = await createTestDatabase();
  organization = await createOrganization(db.database);
  counter = await startStatementCounter(db.url);
  const through = (role: 'server' | 'worker', size: number) => {
    const url = counter.through(urlOfRole(db.url, role));
    const pool = openDatabase(url, size, withKeysOf(ENCRYPTION_KEYS));
    pools.push(pool);
    return pool;
  };
  app = await startApp(through('server', 10));
  asWorker = through('worker', 10);
  worker = await startWorker(asWorker);
  const { documentsDir } = worker;
  deliveries = await startTestDeliveries(asWorker, { documentsDir, timeoutMs: 5_000 });
  simulator = await startSimulator(`${app.url}/webhooks/pharmacies`);
  await simulator.register(db.database);
  await simulator.control('POST', `pharmacies/${PHARMACY}`, { completeAfterMs: 0 });
  receiver = await startReceiver();
  const { organizationId } = organization;
  const endpoint = await createEndpoint(db.database, organizationId, receiver.url);
  await db.database`
    UPDATE webhook_endpoints SET events = ${['ORDER_STATUS_CHANGED']} WHERE id = ${endpoint.id}`;
  await complete(IN_FLIGHT); // connects, prepares statements and reads keys
});
afterAll(async () => {
  await deliveries.stop();
  await worker.stop();
  await simulator.stop();
  await app.close();
  await receiver.close();
  await Promise.all(pools.map((pool) => pool.end()));
  await counter.close();
  await db.drop();
});

/** Places orders over HTTP, and waits until each has ended and its webhook has come. */
async function complete(count: number): Promise<string[]> {
  const before = receiver.received.length;
  const { order } = exampleWithoutKey();
  const body = { action: 'PLACE_ORDER', order: { ...order, pharmacyId: PHARMACY } };
  const orderIds: string[] = [];
  let left = count;
  const client = async () => {
    while (left > 0) {
      left -= 1;
      const answer = await sendTo(app.url, 'POST', `/api/v1/cases/${organization.caseId}`, {
        headers: { 'cv-api-key': organization.apiKey, 'content-type': 'application/json' },
        body,
      });
      expect(answer.status).toBe(200);
      orderIds.push(answer.json.data.order.id);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, client));
  await eventually(
    'the webhooks have come',
    async () => receiver.received.length - before === count,
  );
  await eventually('the deliveries are recorded', async () => {
    const open = await db.database`SELECT FROM webhook_deliveries WHERE status <> 'DELIVERED'`;
    return open.length === 0 && (await db.database`SELECT FROM outbox`).length === 0;
  });
  return orderIds;
}

it('takes at most 22 SQL statements, 22 events and 4 workflow tasks', async () => {
  counter.take();
  const orderIds = await complete(ORDERS);
  const statements = [...counter.take()].filter(([text]) => !BY_TIME.some((one) => one.test(text)));
  const each = statements.map(([text, calls]) => [text.slice(0, 100), calls / ORDERS] as const);
  const sum = each.reduce((total, [, calls]) => total + calls, 0);
  expect(
    sum,
    JSON.stringify(
      each.toSorted((a, b) => b[1] - a[1]),
      null,
      1,
    ),
  ).toBeLessThanOrEqual(22);

  const lengths: number[] = [];
  for (const orderId of orderIds) {
    const handle = worker.client.workflow.getHandle(orderWorkflowId(orderId));
    await handle.result();
    const { events = [] } = await handle.fetchHistory();
    const tasks = events?.filter((event) => event.workflowTaskCompletedEventAttributes) ?? [];
    lengths.push(events?.length ?? 0);
    expect(tasks.length).toBeLessThanOrEqual(4);
  }
  // With ordinary activities an order has up to 28: a machine that is busy with other tests looks like a slow pharmacy.
  expect(Math.min(...lengths)).toBeLessThanOrEqual(16);
  const average = lengths.reduce((total, length) => total + length, 0) / ORDERS;
  expect(average, JSON.stringify(lengths)).toBeLessThanOrEqual(22);
});

it('sends less than one SQL statement a second while nothing happens', async () => {
  await sleep(1_000);
  counter.take();
  // Its first round is within the ten seconds; the process pauses for 30 s between two.
  const figures = startFigures({
    ...{ database: asWorker, registry: new Registry(), everyMs: 30_000, log: worker.log },
  });
  await sleep(10_000);
  await figures.stop();
  const statements = [...counter.take()].filter(([text]) => !text.includes('figures_by = NULL'));
  const sum = statements.reduce((total, [, calls]) => total + calls, 0);
  // The window has a whole round of the figures, of which a third falls to each ten seconds.
  const round = 7;
  expect(sum - round + round / 3, JSON.stringify(statements)).toBeLessThanOrEqual(10);
});
