import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { ServiceError } from '@temporalio/client';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import {
  CaseNotPermittedError,
  createOrderClient,
  IdempotencyConflictError,
  InvalidOrderError,
  type OrderClient,
  type OrderClientOptions,
  OrderNotFoundError,
  type OrderStatus,
  OrderTimeoutError,
  type PrescriptionOrder,
} from '../../../src/client.ts';
import { orderWorkflowId } from '../../../src/workflows/order-messages.ts';
import { examplePlaceOrder } from '../../support/example.ts';
import { createOrganization, ENCRYPTION_KEYS, HASH_SECRET } from '../../support/organization.ts';
import { startWorker } from '../../support/worker.ts';
import { createWorld, type World } from '../../support/world.ts';

const NOWHERE = '127.0.0.1:1'; // nothing listens there

const clients: OrderClient[] = [];
let world: World;
beforeAll(async () => void (world = await createWorld()));
afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await world.close();
});

const optionsFor = (organizationId: string, address: string): OrderClientOptions => ({
  organizationId,
  databaseUrl: world.db.serverUrl,
  hashSecret: HASH_SECRET,
  encryptionKeys: ENCRYPTION_KEYS,
  temporal: { address },
});

/** Creates a client in addition to the world's own. It is closed at the end. */
function anotherClient({
  organizationId = world.organization.organizationId,
  address = inject('temporal').address,
} = {}): OrderClient {
  const client = createOrderClient(optionsFor(organizationId, address));
  clients.push(client);
  return client;
}

const orderFor = (pharmacyId: string): PrescriptionOrder => ({
  ...examplePlaceOrder().order,
  pharmacyId,
});

async function postExample(order: PrescriptionOrder, idempotencyKey: string): Promise<Response> {
  const { caseId, apiKey } = world.organization;
  return await fetch(`${world.app.url}/api/v1/cases/${caseId}`, {
    method: 'POST',
    headers: { 'cv-api-key': apiKey, 'content-type': 'application/json' },
    body: JSON.stringify({ action: 'PLACE_ORDER', idempotencyKey, order }),
  });
}

/** Completes an order without a webhook. The first poll comes after a minute, so only a signal reports it. */
async function endSilently(orderId: string): Promise<void> {
  await world.simulator.control('POST', 'pharmacies/pharmacy-manual', { webhooks: false });
  await world.simulator.control('POST', `orders/${orderId}/advance`, { to: 'completed' });
}

const ordersStored = async () => (await world.db.database`SELECT FROM orders`).length;

/** Places the published example at a pharmacy, and waits until the order has a status. */
async function placeUntil(pharmacyId: string, status: OrderStatus): Promise<string> {
  const orderId = await world.place(pharmacyId);
  await world.reach(orderId, status);
  return orderId;
}

it('lists every field that breaks a rule, as the HTTP API does, and stores nothing', async () => {
  const before = await ordersStored();
  const good = orderFor('pharmacy-manual');
  const bad = {
    ...good,
    prescriber: { ...good.prescriber, firstName: ' ', email: 'nobody' },
    dateWritten: '2026-02-30',
    prescriptionItems: [{ ...good.prescriptionItems[0]!, drugId: '' }],
  };
  const input = { caseId: world.organization.caseId, order: bad, idempotencyKey: randomUUID() };
  const error: unknown = await world.client.place(input).catch((thrown: unknown) => thrown);
  if (!(error instanceof InvalidOrderError)) throw error;
  const { errors, message } = error;
  expect(errors.map(({ path }) => path.replace('order.', '')).join(' ')).toBe(
    'prescriber.firstName prescriber.email dateWritten prescriptionItems[0].drugId',
  );
  const answer = await postExample(bad, input.idempotencyKey);
  const shown = errors.map(({ path, message }) => ({ path, message }));
  expect(await answer.json()).toMatchObject({ status: 400, error: message, errors: shown });
  expect(await ordersStored()).toBe(before);
});

it('refuses a malformed idempotency key, and an order without any address', async () => {
  const { caseId, caseWithoutAddress } = world.organization;
  const { shippingAddress, ...order } = orderFor('pharmacy-manual');
  const refused = (path: string) => ({ constructor: InvalidOrderError, errors: [{ path }] });
  const badKey = world.client.place({ caseId, order, idempotencyKey: 'ключ' });
  await expect(badKey).rejects.toMatchObject(refused('idempotencyKey'));
  const nowhere = world.client.place({ caseId: caseWithoutAddress, order });
  await expect(nowhere).rejects.toMatchObject(refused('order.shippingAddress'));
});

it('refuses another organization’s case and an unknown case with the same message', async () => {
  const before = await ordersStored();
  const other = await createOrganization(world.db.database);
  const order = orderFor('pharmacy-manual');
  for (const caseId of [other.caseId, randomUUID()]) {
    const placing = world.client.place({ caseId, order });
    await expect(placing).rejects.toThrow(new CaseNotPermittedError());
  }
  expect(await ordersStored()).toBe(before);
});

it('shares idempotency keys with the HTTP API, and names the order only for an equal payload', async () => {
  const { caseId } = world.organization;
  const [order, idempotencyKey] = [orderFor('pharmacy-manual'), randomUUID()];
  const { orderId } = await world.client.place({ caseId, order, idempotencyKey });
  const again = { caseId, idempotencyKey };
  const conflict: unknown = await world.client.place({ ...again, order }).catch((error) => error);
  expect(conflict).toBeInstanceOf(IdempotencyConflictError);
  // Nothing else of the row, such as the fingerprint of its payload.
  expect((conflict as IdempotencyConflictError).existing).toStrictEqual({ orderId, caseId });
  const changed = { ...order, diagnosis: 'Something else' };
  await expect(world.client.place({ ...again, order: changed })).rejects.toMatchObject({
    constructor: IdempotencyConflictError,
    existing: undefined,
  });
  const { status, headers } = await postExample(order, idempotencyKey);
  expect(status).toBe(409);
  expect(headers.get('location')).toBe(`/api/v1/cases/${caseId}/orders/${orderId}`);
});

it('follows an order until its documents are stored', async () => {
  const { caseId } = world.organization;
  const [order, idempotencyKey] = [orderFor('pharmacy-123'), randomUUID()];
  const handle = await world.client.place({ caseId, order, idempotencyKey });
  const { orderId } = handle;
  const result = await handle.result({ timeoutMs: 20_000 });
  expect(result).toMatchObject({
    id: orderId,
    caseId,
    status: 'COMPLETED',
    pharmacyId: 'pharmacy-123',
    idempotencyKey,
    documents: [{ contentType: 'application/pdf' }, { contentType: 'application/pdf' }],
  });
  expect(await world.client.get(orderId)).toEqual(result);
  expect(await handle.status()).toBe('COMPLETED');
  expect(await handle.result({ timeoutMs: 0 })).toEqual(result);
});

it('describes where to find the order in Temporal', async () => {
  const orderId = await placeUntil('pharmacy-manual', 'AWAITING_COMPLETION');
  const workflowId = orderWorkflowId(orderId);
  const description = await world.client.handle(orderId).describe();
  const { runId } = await world.worker.client.workflow.getHandle(workflowId).describe();
  expect(description).toEqual({
    orderId,
    status: 'AWAITING_COMPLETION',
    workflowId,
    runId,
    historyLength: expect.any(Number),
    uiUrl: `${inject('temporal').uiUrl}/namespaces/default/workflows/${workflowId}`,
  });
  expect(description.historyLength).toBeGreaterThan(5);
  expect(await anotherClient().handle(orderId).describe()).not.toHaveProperty('uiUrl');
});

it('returns a rejected order with its reason instead of throwing', async () => {
  const orderId = await world.place('pharmacy-refuses');
  const order = await world.client.handle(orderId).result({ timeoutMs: 20_000 });
  const reason: unknown = expect.stringMatching(/\S/);
  expect(order).toMatchObject({ id: orderId, status: 'REJECTED', documents: [], reason });
});

it.each([
  ['pharmacy-manual', 'AWAITING_COMPLETION'],
  ['pharmacy-nobody-knows', 'NEEDS_ATTENTION'],
] as const)(
  'reports the status of an order at %s when the timeout expires',
  async (pharmacyId, status) => {
    const handle = world.client.handle(await placeUntil(pharmacyId, status));
    const waiting = handle.result({ timeoutMs: 300 });
    await expect(waiting).rejects.toMatchObject({ constructor: OrderTimeoutError, status });
  },
);

it('waits for an order whose workflow has not started yet', async () => {
  await world.worker.stop();
  const orderId = await world.place('pharmacy-123');
  const handle = world.client.handle(orderId);
  const waiting = handle.result({ timeoutMs: 25_000 });
  expect(await handle.status()).toBe('ACCEPTED');
  expect(await handle.describe()).not.toHaveProperty('runId');
  world.worker = await startWorker(world.db.asWorker);
  expect(await waiting).toMatchObject({ id: orderId, status: 'COMPLETED' });
});

it('places, reads, signals and cancels while Temporal is unreachable', async () => {
  const client = anotherClient({ address: NOWHERE });
  const { caseId } = world.organization;
  const handle = await client.place({ caseId, order: orderFor('pharmacy-manual') });
  const { orderId } = handle;
  await world.reach(orderId, 'AWAITING_COMPLETION');
  expect(await handle.status()).toBe('AWAITING_COMPLETION');
  await expect(handle.describe()).rejects.toThrow(ServiceError);
  await endSilently(orderId);
  await handle.signalCompletion({ webhookId: randomUUID(), status: 'completed' });
  await world.reach(orderId, 'COMPLETED');

  const waitingOrder = client.handle(await placeUntil('pharmacy-nobody-knows', 'NEEDS_ATTENTION'));
  await waitingOrder.cancel('no longer needed');
  expect(await waitingOrder.status()).toBe('CANCELLED');
});

it('keeps its timeout, and returns the ended order, while Temporal is unreachable', async () => {
  const client = anotherClient({ address: NOWHERE });
  const handle = client.handle(await world.place('pharmacy-manual'));
  await expect(handle.result({ timeoutMs: 700 })).rejects.toThrow(OrderTimeoutError);
  const other = client.handle(await world.place('pharmacy-123'));
  expect(await other.result({ timeoutMs: 25_000 })).toMatchObject({ status: 'COMPLETED' });
});

it('neither shows an order to another organization nor lets it change the order', async () => {
  const orderId = await placeUntil('pharmacy-manual', 'AWAITING_COMPLETION');
  const { organizationId } = await createOrganization(world.db.database);
  const client = anotherClient({ organizationId });
  const handle = client.handle(orderId);
  const webhookId = randomUUID();
  const calls = [
    client.get(orderId),
    handle.status(),
    handle.result({ timeoutMs: 1_000 }),
    handle.describe(),
    handle.cancel(),
    handle.signalCompletion({ webhookId, status: 'completed' }),
  ];
  for (const call of await Promise.allSettled(calls)) {
    expect(call).toMatchObject({ status: 'rejected', reason: new OrderNotFoundError() });
  }
  await expect(client.get("' OR true --")).rejects.toThrow(OrderNotFoundError);
  expect(await world.client.handle(orderId).status()).toBe('AWAITING_COMPLETION');
  const kept = await world.db.database`SELECT FROM inbox WHERE webhook_id = ${webhookId}`;
  expect(kept).toHaveLength(0);
});

it('signals the workflow once for a message that arrives three times', async () => {
  const orderId = await placeUntil('pharmacy-manual', 'AWAITING_COMPLETION');
  await endSilently(orderId);
  const handle = world.client.handle(orderId);
  const message = { webhookId: randomUUID(), status: 'completed' } as const;
  await Promise.all([1, 2, 3].map(() => handle.signalCompletion(message)));
  await world.reach(orderId, 'COMPLETED');
  const kept = await world.db.database`SELECT FROM inbox WHERE webhook_id = ${message.webhookId}`;
  expect(kept).toHaveLength(1);
  const events = await world.history(orderId);
  expect(events.filter((event) => event.includes('Signaled'))).toHaveLength(1);
});

it('rejects a wait in flight when it is closed', async () => {
  const orderId = await world.place('pharmacy-manual');
  const client = anotherClient();
  const waiting = expect(client.handle(orderId).result()).rejects;
  const outcome = waiting.toMatchObject({ code: 'CONNECTION_ENDED' });
  await client.handle(orderId).status();
  await client.close();
  await outcome;
});

it.each([
  ['only placed an order', '', inject('temporal').address],
  ['called Temporal', 'await handle.describe();', inject('temporal').address],
  ['could not reach Temporal', 'await handle.result({ timeoutMs: 300 }).catch(() => {});', NOWHERE],
])('lets a process that %s exit after close()', async (_what, then, address) => {
  const { organizationId, caseId } = world.organization;
  const input = { caseId, order: orderFor('pharmacy-manual') };
  const module = new URL('../../../src/client.ts', import.meta.url).href;
  const program = `
    import { createOrderClient } from ${JSON.stringify(module)};
    const client = createOrderClient(${JSON.stringify(optionsFor(organizationId, address))});
    const handle = await client.place(${JSON.stringify(input)});
    ${then}
    await client.close();
    console.log(handle.orderId);`;
  const args = ['--import', 'tsx', '--input-type=module', '--eval', program];
  // Rejects when the process fails or has to be killed.
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 20_000 });
  expect(await world.client.get(stdout.trim())).toMatchObject({ caseId });
});
