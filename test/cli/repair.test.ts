import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { receiveMessage } from '../../src/orders/inbox.ts';
import type { Environment } from '../../src/process/config.ts';
import { createRx, type Rx } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { TESTER } from '../support/organization.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
let rx: Rx;
let env: Environment;
beforeAll(async () => {
  world = await createWorld();
  rx = createRx(world.db.operatorUrl);
  env = { TEMPORAL_ADDRESS: inject('temporal').address };
});
afterAll(() => world.close());

async function stuck(): Promise<string> {
  const orderId = await world.place('pharmacy-corrupt');
  await world.reach(orderId, 'NEEDS_ATTENTION');
  return orderId;
}

it('finds, retries and cancels an order, and shows who did it and why', {
  timeout: 120_000,
}, async () => {
  const id = await stuck();
  const list = await rx(['order', 'list', '--status', 'needs-attention', '--json']);
  expect(list.json.orders.map((order: { id: string }) => order.id)).toEqual([id]);

  const reason = ['--by', 'anna', '--reason', 'they sent the document again'];
  const retried = await rx(['order', 'retry', id, ...reason, '--json'], { env });
  expect(retried.code, retried.stderr).toBe(0);
  expect(retried.json.order.activity).toContainEqual(
    expect.objectContaining({
      ...{ actor: 'operator', event: 'REPAIR_RETRY' },
      ...{ by: 'anna', why: 'they sent the document again' },
    }),
  );
  await world.reach(id, 'NEEDS_ATTENTION');
  const shown = await rx(['order', 'show', id]);
  expect(shown.stdout).toMatch(/operator +REPAIR_RETRY .*anna +they sent the document again/);

  const unsent = await world.place(`nobody-${randomUUID()}`);
  await world.reach(unsent, 'NEEDS_ATTENTION');
  const cancelled = await rx(['order', 'cancel', unsent, '--reason', 'placed twice']);
  expect(cancelled.code, cancelled.stderr).toBe(0);
  expect(cancelled.stdout).toBe(`${unsent} CANCELLED: cancellation requested\n`);
  const again = await rx(['order', 'cancel', unsent, '--reason', 'placed twice']);
  expect(again).toMatchObject({ code: 4, stdout: '' });
  expect(again.stderr).toContain('the order is CANCELLED (WRONG_STATUS)');
  const late = await rx(['order', 'retry', unsent, '--reason', 'x'], { env });
  expect(late).toMatchObject({ code: 4, stdout: '' });
});

it('reports errors with their exit codes', { timeout: 60_000 }, async () => {
  const id = await stuck();
  for (const command of ['retry', 'cancel']) {
    const unknown = await rx(['order', command, randomUUID(), '--reason', 'x'], { env });
    expect(unknown).toMatchObject({ code: 3, stdout: '' });
    const withoutReason = await rx(['order', command, id], { env });
    expect(withoutReason).toMatchObject({ code: 2, stdout: '' });
    const blank = await rx(['order', command, id, '--reason', ' '], { env });
    expect(blank).toMatchObject({ code: 2, stdout: '' });
  }
  const unavailable = await rx(['order', 'retry', id, '--reason', 'x'], {
    env: { TEMPORAL_ADDRESS: '127.0.0.1:9' },
  });
  expect(unavailable).toMatchObject({ code: 6, stdout: '' });
  expect(unavailable.stderr).toContain('Temporal or its workers did not answer');
});

it('shows the history of the workflow and the events of the organization', {
  timeout: 60_000,
}, async () => {
  const id = await stuck();
  const history = await rx(['order', 'history', id, '--json'], { env });
  expect(history.code, history.stderr).toBe(0);
  expect(history.json.history[0]).toMatchObject({ number: 1, event: 'workflowExecutionStarted' });
  expect(history.json.history).toContainEqual(
    expect.objectContaining({ event: 'activityTaskCompleted', about: 'fetchDocuments' }),
  );
  const table = await rx(['order', 'history', id], { env });
  expect(table.stdout).toMatch(/activityTaskScheduled +placeOrder/);

  const events = await rx(['order', 'events', id, '--json']);
  expect(events.json.events).toMatchObject([
    { sequence: 1, event: 'ORDER_CREATED', delivery: null },
    { sequence: 2, event: 'ORDER_STATUS_CHANGED', delivery: null },
  ]);

  const [unknown, unavailable] = [randomUUID(), { TEMPORAL_ADDRESS: '127.0.0.1:9' }];
  expect(await rx(['order', 'history', unknown], { env })).toMatchObject({ code: 3 });
  expect(await rx(['order', 'events', unknown])).toMatchObject({ code: 3 });
  expect(await rx(['order', 'history', id], { env: unavailable })).toMatchObject({ code: 6 });
});

it('shows a pending activity with its failure', { timeout: 60_000 }, async () => {
  const id = await world.place('pharmacy-down');
  await world.reach(id, 'PLACING');
  const pending = await eventually('an attempt failed', async () => {
    const { json } = await rx(['order', 'history', id, '--json'], { env });
    const last = json.history.at(-1);
    return last.failure === null ? undefined : last;
  });
  expect(pending).toMatchObject({ number: null, event: 'pending', about: 'placeOrder' });
  expect(pending.failure).toMatch(/^PHARMACY_UNAVAILABLE: /);
  expect(pending.attempt).toBeGreaterThan(1);
});

it('links a message that matched no order to its order', { timeout: 120_000 }, async () => {
  const id = await world.place('pharmacy-manual');
  await world.reach(id, 'AWAITING_COMPLETION');
  await world.simulator.control('POST', 'pharmacies/pharmacy-manual', { webhooks: false });
  await world.simulator.control('POST', `orders/${id}/advance`, { to: 'completed' });
  const { database } = world.db;
  const store = async (pharmacyId: string) => {
    const message = { webhookId: randomUUID(), type: 'completed', reference: 'old-1' } as const;
    await receiveMessage(database, pharmacyId, message, TESTER);
    const [row] = await database<{ id: string }[]>`
      SELECT id FROM inbox WHERE webhook_id = ${message.webhookId}`;
    return row?.id ?? '';
  };
  const [mine, other] = [await store('pharmacy-manual'), await store('pharmacy-slow')];
  const list = await rx(['inbox', 'list', '--pharmacy', 'pharmacy-manual', '--json']);
  expect(list.json.messages).toMatchObject([{ id: mine, type: 'completed', reference: 'old-1' }]);
  expect((await rx(['inbox', 'list'])).stdout).toMatch(/pharmacy-slow +completed +old-1/);

  const reason = ['--by', 'anna', '--reason', 'they named its old id'];
  const foreign = await rx(['inbox', 'link', other, id, ...reason]);
  expect(foreign).toMatchObject({ code: 4, stdout: '' });
  expect(foreign.stderr).toContain(
    'the message comes from another pharmacy than the order’s (OTHER_PHARMACY)',
  );
  expect(await rx(['inbox', 'link', '999999', id, ...reason])).toMatchObject({ code: 3 });
  expect(await rx(['inbox', 'link', mine, randomUUID(), ...reason])).toMatchObject({ code: 3 });

  const linked = await rx(['inbox', 'link', mine, id, ...reason]);
  expect(linked.code, linked.stderr).toBe(0);
  await world.reach(id, 'COMPLETED'); // long before the first poll, which is a minute unavailable
  const shown = await rx(['order', 'show', id]);
  expect(shown.stdout).toMatch(/operator +REPAIR_LINK .*anna +they named its old id/);
  const again = await rx(['inbox', 'link', mine, id, ...reason]);
  expect(again).toMatchObject({ code: 4, stdout: '' });
  expect(await database`SELECT FROM order_repairs WHERE kind = 'link'`).toHaveLength(1);
});
