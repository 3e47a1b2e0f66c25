import { afterAll, beforeAll, expect, it } from 'vitest';
import { followOrder } from '../../sandbox/demo-order.ts';
import { addPharmacy, listPharmacies } from '../../src/pharmacy/registry.ts';
import type { WebhookAuth } from '../../src/pharmacy/webhook-auth.ts';
import { type Database, openDatabase } from '../../src/storage/database.ts';
import { eventually } from '../support/eventually.ts';
import { examplePlaceOrder } from '../support/example.ts';
import { withKeysOf } from '../support/sealed-rows.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

// Two whole stacks: the pharmacies of the first stack are the API of the second. Both have the sandbox's
// cases, and the simulator's pharmacies under the same ids.

const CASE_ID = '123e4567-e89b-12d3-a456-426614174000';
const KEY = { 'cv-api-key': 'YOUR_SECRET_KEY' };

let first: TestStack;
let second: TestStack;
let link: TcpProxy;
let database: Database;
let secret: string;
beforeAll(async () => {
  [first, second] = await Promise.all([
    startTestStack({ POLL_INITIAL_MS: '300', POLL_MAX_MS: '1000' }),
    startTestStack(),
  ]);
  secret = await registerWebhook();
  const { hostname, port } = new URL(second.stack.baseUrl);
  link = await startTcpProxy({ host: hostname, port: Number(port) });
  const { databaseUrl, env } = first.stack;
  database = openDatabase(databaseUrl, 2, withKeysOf(env['ENCRYPTION_KEYS']));
  const baseUrl = `http://127.0.0.1:${link.port}`;
  for (const { id } of await listPharmacies(database)) {
    const webhookAuth: WebhookAuth =
      id === 'pharmacy-123' ? { kind: 'x-cv-signature', secret } : { kind: 'none' };
    const settings = { id, kind: 'carevalidate', token: 'YOUR_SECRET_KEY', baseUrl };
    await addPharmacy(database, { ...settings, webhookAuth, completionLimitMs: null }, true);
  }
});
afterAll(async () => {
  await database?.end();
  await link?.close();
  await Promise.all([first?.close(), second?.close()]);
});

/** Registers the first stack as a webhook endpoint of the second; returns the endpoint's secret. */
async function registerWebhook(): Promise<string> {
  const answer = await fetch(`${second.stack.baseUrl}/api/v1/webhook-endpoints`, {
    method: 'POST',
    headers: { ...KEY, 'content-type': 'application/json' },
    body: JSON.stringify({ url: `${first.stack.baseUrl}/webhooks/pharmacies/pharmacy-123` }),
  });
  const { data } = (await answer.json()) as ReturnType<typeof JSON.parse>;
  return data.endpoint.secret;
}

async function place(pharmacyId: string): Promise<string> {
  const { order } = examplePlaceOrder();
  const body = { action: 'PLACE_ORDER', order: { ...order, pharmacyId } };
  const { data } = await call(first, 'POST', `cases/${CASE_ID}`, body);
  return data.order.id;
}

async function call({ stack }: TestStack, method: string, path: string, body?: object) {
  const answer = await fetch(`${stack.baseUrl}/api/v1/${path}`, {
    method,
    headers: { ...KEY, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  expect(answer.status).toBe(200);
  return (await answer.json()) as ReturnType<typeof JSON.parse>;
}

/** Returns the orders of the second stack for an order of the first. */
async function counterparts(orderId: string) {
  const { data } = await call(second, 'GET', 'orders?limit=200');
  return data.orders.filter(
    (order: { idempotencyKey: string }) => order.idempotencyKey === orderId,
  );
}

async function completed(orderId: string) {
  const signal = AbortSignal.timeout(60_000);
  return await followOrder(first.stack.baseUrl, orderId, signal, () => undefined);
}

async function reach(orderId: string, status: string) {
  return await eventually(`${orderId} is ${status}`, async () => {
    const { data } = await call(first, 'GET', `cases/${CASE_ID}/orders/${orderId}`);
    return data.order.status === status ? data.order : undefined;
  });
}

async function expectSameDocuments(orderId: string) {
  const order = await completed(orderId);
  const [there, ...others] = await counterparts(orderId);
  expect(others).toEqual([]);
  const { data } = await call(second, 'GET', `cases/${CASE_ID}/orders/${there.id}/documents`);
  const known = (documents: { name: string; sha256: string }[]) =>
    documents.map(({ name, sha256 }) => [name, sha256]).toSorted();
  expect(order.documents).toHaveLength(2);
  expect(known([...order.documents])).toEqual(known(data.documents));
}

it('completes an order with the documents of the second stack', async () => {
  await expectSameDocuments(await place('pharmacy-123'));
});

it('learns of the completion from the webhook of the second stack', async () => {
  const orderId = await place('pharmacy-123');
  await completed(orderId);

  await eventually('the message is on the timeline', async () => {
    const { data } = await call(first, 'GET', `cases/${CASE_ID}/orders/${orderId}/activity`);
    return data.activity.some(
      ({ event, detail }: { event: string; detail?: { type?: string } }) =>
        event === 'PHARMACY_MESSAGE' && detail?.type === 'completed',
    );
  });
});

it('selects its own documents among those of the case’s other orders', async () => {
  const orders = [await place('pharmacy-123'), await place('pharmacy-tracking')];

  for (const orderId of orders) await expectSameDocuments(orderId);
});

it.each(['before', 'after', 'answered'] as const)(
  'places the order once when the connection breaks at the request (%s)',
  async (moment) => {
    link.breakOn('PLACE_ORDER', moment);

    await expectSameDocuments(await place('pharmacy-123'));
  },
);

it('takes over a rejection with its reason', async () => {
  const order = await reach(await place('pharmacy-rejects'), 'REJECTED');

  expect(order.reason).toBeTruthy();
  expect(await counterparts(order.id)).toMatchObject([{ status: 'REJECTED' }]);
});

it('cancels the order at the second stack', async () => {
  const orderId = await place('pharmacy-manual');
  await reach(orderId, 'AWAITING_COMPLETION');
  await call(first, 'POST', `cases/${CASE_ID}`, { action: 'CANCEL_ORDER', orderId });

  await reach(orderId, 'CANCELLED');
  expect(await counterparts(orderId)).toMatchObject([{ status: 'CANCELLED' }]);
});
