import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../src/storage/database.ts';
import { createEndpoint } from '../support/deliveries.ts';
import { eventually } from '../support/eventually.ts';
import { startReceiver, type TestReceiver } from '../support/receiver.ts';
import { withKeysOf } from '../support/sealed-rows.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

const DEMO_ORGANIZATION = '0198a000-0000-7000-8000-000000000001';

let test: TestStack;
let database: Database;
let receiver: TestReceiver;
beforeAll(async () => {
  // The timeout limits the lease that a dead worker leaves.
  test = await startTestStack({ WEBHOOK_TIMEOUT_MS: '1000', WEBHOOK_RETRY_SCHEDULE_MS: '200,200' });
  database = openDatabase(test.stack.databaseUrl, 2, withKeysOf(test.stack.env['ENCRYPTION_KEYS']));
  receiver = await startReceiver();
  await createEndpoint(database, DEMO_ORGANIZATION, receiver.url);
});
afterAll(async () => {
  await receiver.close();
  await database.end();
  await test.close();
});

it.each([
  ['a first attempt', 1],
  ['an attempt of a workflow', 2],
])(
  'kill -9 of the worker between %s and its record: the webhook is sent again with the same id',
  async (_, nth) => {
    const from = receiver.received.length;
    let killed: unknown;
    // Only this webhook is refused. If the worker died while it started the workflow of another one, that
    // delivery would continue only after ten minutes.
    let refused: unknown;
    receiver.answer = (response, { headers }) => {
      const id = headers['webhook-id'];
      refused ??= id;
      const attempts = receiver.received
        .slice(from)
        .filter((one) => one.headers['webhook-id'] === id);
      if (killed === undefined && id === refused && attempts.length === nth) {
        killed = id;
        expect(test.stack.kill('worker', 'SIGKILL')).toBe(true);
      }
      response.writeHead(id === refused && attempts.length < nth ? 503 : 204).end();
    };
    const orderId = await test.place('pharmacy-123');
    await test.end(orderId);
    const rows = await eventually(
      'all webhooks are delivered',
      async () => {
        const found = await database<{ id: string; status: string }[]>`
        SELECT d.id, d.status FROM webhook_deliveries AS d JOIN events ON events.id = event_id
        WHERE order_id = ${orderId}`;
        return found.every(({ status }) => status === 'DELIVERED') && found;
      },
      60_000,
    );

    const counts = new Map<unknown, number>();
    for (const { headers } of receiver.received.slice(from)) {
      counts.set(headers['webhook-id'], (counts.get(headers['webhook-id']) ?? 0) + 1);
    }
    expect([...counts.keys()].toSorted()).toEqual(rows.map(({ id }) => id).toSorted());
    expect(counts.get(killed)).toBeGreaterThanOrEqual(nth + 1);
  },
);
