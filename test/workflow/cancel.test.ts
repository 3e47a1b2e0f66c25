import { afterAll, beforeAll, expect, it } from 'vitest';
import { OrderNotCancellableError, OrderNotFoundError } from '../../src/client.ts';
import { orderWorkflowId } from '../../src/workflows/order-messages.ts';
import { eventually } from '../support/eventually.ts';
import { startWorker } from '../support/worker.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

it('cancels an order that was not sent yet; the pharmacy never sees it', async () => {
  await world.worker.stop();
  const orderId = await world.place('pharmacy-123');
  await world.client.handle(orderId).cancel('the patient moved');
  world.worker = await startWorker(world.db.database);
  const workflow = world.worker.client.workflow.getHandle(orderWorkflowId(orderId));
  const result = await eventually('the workflow has ended', () =>
    workflow.result().catch(() => undefined),
  );
  expect(result).toMatchObject({ status: 'CANCELLED' });
  const order = await world.client.get(orderId);
  expect(order).toMatchObject({ status: 'CANCELLED', reason: 'the patient moved' });
  expect(await world.simulator.ledgerOf(orderId)).toHaveLength(0);
});

it('ends the workflow of an order that rests unsent', async () => {
  const orderId = await world.place('pharmacy-nobody-knows');
  await world.reach(orderId, 'NEEDS_ATTENTION');
  await world.client.handle(orderId).cancel();
  const handle = world.worker.client.workflow.getHandle(orderWorkflowId(orderId));
  expect(await handle.result()).toMatchObject({ status: 'CANCELLED' });
});

it('refuses once the pharmacy may have the order, and says where it is', async () => {
  const orderId = await world.place('pharmacy-manual');
  await world.reach(orderId, 'AWAITING_COMPLETION');
  await expect(world.client.handle(orderId).cancel()).rejects.toMatchObject({
    constructor: OrderNotCancellableError,
    status: 'AWAITING_COMPLETION',
  });
});

it('refuses after the end and a second time', async () => {
  const orderId = await world.place('pharmacy-nobody-knows');
  const handle = world.client.handle(orderId);
  await handle.cancel();
  await expect(handle.cancel()).rejects.toThrow(OrderNotCancellableError);
});

it('does not find an order of nobody', async () => {
  const handle = world.client.handle(crypto.randomUUID());
  await expect(handle.cancel()).rejects.toThrow(OrderNotFoundError);
});

it('is not ended by a cancel request of the Temporal UI', async () => {
  const orderId = await world.place('pharmacy-manual');
  await world.reach(orderId, 'AWAITING_COMPLETION');
  await world.worker.client.workflow.getHandle(orderWorkflowId(orderId)).cancel();
  await world.simulator.control('POST', `orders/${orderId}/advance`, { to: 'completed' });
  await world.reach(orderId, 'COMPLETED');
});
