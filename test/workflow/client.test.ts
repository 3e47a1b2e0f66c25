import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
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
  OrderTimeoutError,
  type PrescriptionOrder,
} from '../../src/client.ts';
import { orderWorkflowId } from '../../src/workflows/order-messages.ts';
import { examplePlaceOrder } from '../support/example.ts';
import { createOrganization, HASH_SECRET } from '../support/organization.ts';
import { startWorker } from '../support/worker.ts';
import { createWorld, type World } from '../support/world.ts';

/** Nothing listens there. */
const NOWHERE = '127.0.0.1:1';

let world: World;
const clients: OrderClient[] = [];
beforeAll(async () => {
  world = await createWorld();
});
afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await world.close();
});

const optionsFor = (organizationId: string, address: string): OrderClientOptions => ({
  organizationId,
  databaseUrl: world.db.url,
  hashSecret: HASH_SECRET,
  temporal: { address },
});

/** A client beside the world's own; closed at the end. */
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

/** Completes an order without a webhook. The first look is a minute away: only a signal can tell. */
async function endSilently(orderId: string): Promise<void> {
  await world.simulator.control('POST', 'pharmacies/pharmacy-manual', { webhooks: false });
  await world.simulator.control('POST', `orders/${orderId}/advance`, { to: 'completed' });
}

async function ordersStored(): Promise<number> {
  const [row] = await world.db.database<{ count: number }[]>`
    SELECT count(*)::int AS count FROM orders`;
  return row!.count;
}

it('lists every field that breaks a rule, as the endpoint does, and stores nothing', async () => {
  const before = await ordersStored();
  const good = orderFor('pharmacy-manual');
  const bad = {
    ...good,
    prescriber: { ...good.prescriber, firstName: ' ', email: 'nobody' },
    dateWritten: '2026-02-30',
    prescriptionItems: [{ ...good.prescriptionItems[0]!, drugId: '' }],
  };
  const input = { caseId: world.organization.caseId, order: bad, idempotencyKey: randomUUID() };
  const error = await world.client.place(input).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(InvalidOrderError);
  const { errors, message } = error as InvalidOrderError;
  expect(errors.map(({ path }) => path)).toEqual([
    'order.prescriber.firstName',
    'order.prescriber.email',
    'order.dateWritten',
    'order.prescriptionItems[0].drugId',
  ]);
  const answer = await postExample(bad, input.idempotencyKey);
  const body = (await answer.json()) as { error: string; errors: { path: string }[] };
  expect(answer.status).toBe(400);
  expect(body.error).toBe(message);
  expect(body.errors).toEqual(errors.map(({ path, message }) => ({ path, message })));
  expect(await ordersStored()).toBe(before);
});

it('refuses a key that is none, and asks for an address that is nowhere', async () => {
  const { caseId, caseWithoutAddress } = world.organization;
  const { shippingAddress, ...order } = orderFor('pharmacy-manual');
  const refused = (path: string) => ({ constructor: InvalidOrderError, errors: [{ path }] });
  const badKey = world.client.place({ caseId, order, idempotencyKey: 'ключ' });
  await expect(badKey).rejects.toMatchObject(refused('idempotencyKey'));
  const nowhere = world.client.place({ caseId: caseWithoutAddress, order });
  await expect(nowhere).rejects.toMatchObject(refused('order.shippingAddress'));
});

it('refuses a case of another organization and a case of nobody with the same words', async () => {
  const before = await ordersStored();
  const other = await createOrganization(world.db.database);
  const order = orderFor('pharmacy-manual');
  const refusals = [other.caseId, randomUUID()].map((caseId) =>
    world.client.place({ caseId, order }).catch((error: unknown) => error),
  );
  const [foreign, unknown] = await Promise.all(refusals);
  expect(foreign).toBeInstanceOf(CaseNotPermittedError);
  expect(unknown).toEqual(foreign);
  expect(await ordersStored()).toBe(before);
});

it('shares its keys with the endpoint, and names the order only for an equal payload', async () => {
  const { caseId } = world.organization;
  const order = orderFor('pharmacy-manual');
  const idempotencyKey = randomUUID();
  const { orderId } = await world.client.place({ caseId, order, idempotencyKey });
  const again = { caseId, idempotencyKey };
  await expect(world.client.place({ ...again, order })).rejects.toMatchObject({
    constructor: IdempotencyConflictError,
    existing: { orderId, caseId },
  });
  const changed = { ...order, diagnosis: 'Something else' };
  await expect(world.client.place({ ...again, order: changed })).rejects.toMatchObject({
    constructor: IdempotencyConflictError,
    existing: undefined,
  });
  const answer = await postExample(order, idempotencyKey);
  expect(answer.status).toBe(409);
  expect(answer.headers.get('location')).toBe(`/api/v1/cases/${caseId}/orders/${orderId}`);
});

it('follows an order to its documents', async () => {
  const { caseId } = world.organization;
  const idempotencyKey = randomUUID();
  const order = orderFor('pharmacy-123');
  const { orderId } = await world.client.place({ caseId, order, idempotencyKey });
  const handle = world.client.handle(orderId);
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
  // Again, and with no time left: it has ended.
  expect(await handle.result({ timeoutMs: 0 })).toEqual(result);
});

it('says where people find the order in Temporal', async () => {
  const orderId = await world.place('pharmacy-manual');
  await world.reach(orderId, 'AWAITING_COMPLETION');
  const workflowId = orderWorkflowId(orderId);
  const description = await world.client.handle(orderId).describe();
  const { runId, historyLength } = await world.worker.client.workflow
    .getHandle(workflowId)
    .describe();
  expect(description).toEqual({
    orderId,
    status: 'AWAITING_COMPLETION',
    workflowId,
    runId,
    historyLength,
    uiUrl: `${inject('temporal').uiUrl}/namespaces/default/workflows/${workflowId}`,
  });
  expect(historyLength).toBeGreaterThan(5);
  expect(await anotherClient().handle(orderId).describe()).not.toHaveProperty('uiUrl');
});

it('returns a rejected order with its reason instead of throwing', async () => {
  const orderId = await world.place('pharmacy-refuses');
  const order = await world.client.handle(orderId).result({ timeoutMs: 20_000 });
  expect(order).toMatchObject({ id: orderId, status: 'REJECTED', documents: [] });
  expect(order.reason).toEqual(expect.stringMatching(/\S/));
});

it.each([
  ['pharmacy-manual', 'AWAITING_COMPLETION'],
  ['pharmacy-nobody-knows', 'NEEDS_ATTENTION'],
] as const)('tells where an order at %s is when the time is up', async (pharmacyId, status) => {
  const orderId = await world.place(pharmacyId);
  await world.reach(orderId, status);
  const waiting = world.client.handle(orderId).result({ timeoutMs: 300 });
  await expect(waiting).rejects.toMatchObject({ constructor: OrderTimeoutError, status });
});

it('waits for an order whose workflow has not started yet', async () => {
  await world.worker.stop();
  const orderId = await world.place('pharmacy-123');
  const handle = world.client.handle(orderId);
  const waiting = handle.result({ timeoutMs: 25_000 });
  expect(await handle.status()).toBe('ACCEPTED');
  expect(await handle.describe()).not.toHaveProperty('runId');
  world.worker = await startWorker(world.db.database);
  expect(await waiting).toMatchObject({ id: orderId, status: 'COMPLETED' });
});

it('places, reads, signals and cancels while Temporal cannot be reached', async () => {
  const client = anotherClient({ address: NOWHERE });
  const { caseId } = world.organization;
  const { orderId } = await client.place({ caseId, order: orderFor('pharmacy-manual') });
  const handle = client.handle(orderId);
  await world.reach(orderId, 'AWAITING_COMPLETION');
  expect(await handle.status()).toBe('AWAITING_COMPLETION');
  expect(await client.get(orderId)).toMatchObject({ id: orderId });
  await expect(handle.describe()).rejects.toThrow(ServiceError);
  await endSilently(orderId);
  await handle.signalCompletion({ webhookId: randomUUID(), status: 'completed' });
  await world.reach(orderId, 'COMPLETED');

  const resting = await client.place({ caseId, order: orderFor('pharmacy-nobody-knows') });
  await world.reach(resting.orderId, 'NEEDS_ATTENTION');
  await resting.cancel('no longer needed');
  expect(await resting.status()).toBe('CANCELLED');
});

it('keeps its time, and learns of the end, while Temporal cannot be reached', async () => {
  const client = anotherClient({ address: NOWHERE });
  const handle = client.handle(await world.place('pharmacy-manual'));
  await expect(handle.result({ timeoutMs: 700 })).rejects.toThrow(OrderTimeoutError);
  const other = client.handle(await world.place('pharmacy-123'));
  expect(await other.result({ timeoutMs: 25_000 })).toMatchObject({ status: 'COMPLETED' });
});

it('shows another organization nothing of an order, and lets it change nothing', async () => {
  const orderId = await world.place('pharmacy-manual');
  await world.reach(orderId, 'AWAITING_COMPLETION');
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
  const { database } = world.db;
  expect(await database`SELECT FROM inbox WHERE webhook_id = ${webhookId}`).toHaveLength(0);
});

it('wakes the workflow once for a message that comes three times', async () => {
  const orderId = await world.place('pharmacy-manual');
  await world.reach(orderId, 'AWAITING_COMPLETION');
  await endSilently(orderId);
  const handle = world.client.handle(orderId);
  const message = { webhookId: randomUUID(), status: 'completed' } as const;
  await Promise.all([1, 2, 3].map(() => handle.signalCompletion(message)));
  await world.reach(orderId, 'COMPLETED');
  const kept = await world.db.database`SELECT FROM inbox WHERE webhook_id = ${message.webhookId}`;
  expect(kept).toHaveLength(1);
  const signals = (await world.history(orderId)).filter(
    (event) => event === 'workflowExecutionSignaledEventAttributes',
  );
  expect(signals).toHaveLength(1);
});

it('ends a wait in flight when it is closed', async () => {
  const orderId = await world.place('pharmacy-manual');
  const client = anotherClient();
  const waiting = client.handle(orderId).result();
  const outcome = expect(waiting).rejects.toMatchObject({ code: 'CONNECTION_ENDED' });
  await client.handle(orderId).status();
  await client.close();
  await outcome;
});

it.each([
  ['only placed', '', inject('temporal').address],
  ['asked Temporal', 'await handle.describe();', inject('temporal').address],
  ['had no Temporal', 'await handle.result({ timeoutMs: 300 }).catch(() => {});', NOWHERE],
])('lets a process that %s end by itself after close()', async (_what, then, address) => {
  const { organizationId, caseId } = world.organization;
  const options = optionsFor(organizationId, address);
  const input = { caseId, order: orderFor('pharmacy-manual') };
  const module = new URL('../../src/client.ts', import.meta.url).href;
  const program = `
    import { createOrderClient } from ${JSON.stringify(module)};
    const client = createOrderClient(${JSON.stringify(options)});
    const handle = await client.place(${JSON.stringify(input)});
    ${then}
    await client.close();
    console.log(handle.orderId);`;
  const args = ['--import', 'tsx', '--input-type=module', '--eval', program];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const limit = setTimeout(() => child.kill('SIGKILL'), 20_000);
  let printed = '';
  child.stdout.on('data', (chunk) => {
    printed += String(chunk);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(limit);
  expect(code).toBe(0);
  expect(await world.client.get(printed.trim())).toMatchObject({ caseId });
});
