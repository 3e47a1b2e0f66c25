import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

it('finds the completion by polling, without growing the history', async () => {
  world = await createWorld({ pollInitialMs: 100, pollMaxMs: 100 });
  await world.simulator.control('POST', 'pharmacies/pharmacy-manual', { webhooks: false });
  const orderId = await world.place('pharmacy-manual');
  await world.reach(orderId, 'AWAITING_COMPLETION');
  await eventually('polling has begun', async () => {
    const events = (await world?.history(orderId)) ?? [];
    return events.at(-1) === 'activityTaskScheduledEventAttributes' && events.length > 15;
  });
  const before = await world.history(orderId);
  await sleep(3_000); // about thirty polls
  expect(await world.history(orderId)).toEqual(before);

  await world.simulator.control('POST', `orders/${orderId}/advance`, { to: 'completed' });
  await world.reach(orderId, 'COMPLETED');
});

it('expires an order that the pharmacy never completes, and cancels it at the pharmacy', async () => {
  world = await createWorld({ completionLimitMs: 1_500, pollInitialMs: 300, pollMaxMs: 300 });
  const orderId = await world.place('pharmacy-manual');
  const order = await world.reach(orderId, 'EXPIRED');
  expect(order.reasonCode).toBe('COMPLETION_LIMIT');
  expect(await world.simulator.ledgerOf(orderId)).toMatchObject([{ status: 'cancelled' }]);
});

it('accepts a completion that the last check finds after the limit', async () => {
  world = await createWorld({ completionLimitMs: 1_000, pollInitialMs: 60_000 });
  await world.simulator.control('POST', 'pharmacies/pharmacy-manual', { webhooks: false });
  const orderId = await world.place('pharmacy-manual');
  await world.reach(orderId, 'AWAITING_COMPLETION');
  await world.simulator.control('POST', `orders/${orderId}/advance`, { to: 'completed' });
  await world.reach(orderId, 'COMPLETED');
});

it('keeps waiting while the pharmacy is unreachable', { timeout: 60_000 }, async () => {
  world = await createWorld({ pollInitialMs: 200, pollMaxMs: 200 });
  const pharmacy = 'pharmacies/pharmacy-manual';
  await world.simulator.control('POST', pharmacy, { webhooks: false });
  const orderId = await world.place('pharmacy-manual');
  await world.reach(orderId, 'AWAITING_COMPLETION');
  await world.simulator.control('POST', pharmacy, { up: false });
  await sleep(1_500);
  expect(await world.client.handle(orderId).status()).toBe('AWAITING_COMPLETION');
  await world.simulator.control('POST', pharmacy, { up: true });
  await world.simulator.control('POST', `orders/${orderId}/advance`, { to: 'completed' });
  await world.reach(orderId, 'COMPLETED');
});

it('moves an order to NEEDS_ATTENTION that waited too long and cannot be cancelled', async () => {
  world = await createWorld({ completionLimitMs: 1_000, pollInitialMs: 300, pollMaxMs: 300 });
  await world.simulator.control('POST', 'pharmacies/pharmacy-manual', { cancellable: false });
  const orderId = await world.place('pharmacy-manual');
  const order = await world.reach(orderId, 'NEEDS_ATTENTION');
  expect(order.reasonCode).toBe('EXPIRY_NOT_CONFIRMED');
});
