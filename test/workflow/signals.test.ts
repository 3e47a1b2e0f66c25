import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const signalled = (events: string[]) =>
  events.filter((event) => event === 'workflowExecutionSignaledEventAttributes').length;

it('keeps a signal that comes before the order is placed', async () => {
  const orderId = await world.place('pharmacy-down');
  await world.reach(orderId, 'PLACING');
  await world.client.handle(orderId).signalCompletion({ webhookId: 'early', status: 'completed' });
  await world.simulator.control('POST', 'pharmacies/pharmacy-down', {
    up: true,
    completeAfterMs: 1,
    webhooks: false,
  });
  // The first poll is a minute away: only the signal can complete the order now.
  await world.reach(orderId, 'COMPLETED');
});

it('ignores a signal after the end', async () => {
  const orderId = await world.place('pharmacy-123');
  await world.reach(orderId, 'COMPLETED');
  const handle = world.client.handle(orderId);
  await handle.signalCompletion({ webhookId: 'late', status: 'rejected' });
  await sleep(300);
  expect(await handle.status()).toBe('COMPLETED');
  expect(await world.db.database`SELECT FROM outbox WHERE order_id = ${orderId}`).toHaveLength(0);
  const kept = await world.db.database`SELECT type FROM inbox WHERE webhook_id = 'late'`;
  expect(kept).toMatchObject([{ type: 'rejected' }]);
});

it.each(['start', 'completion', 'cancel'])(
  'drops an outbox row after the end: %s',
  async (kind) => {
    const orderId = await world.place('pharmacy-123');
    await world.reach(orderId, 'COMPLETED');
    await world.ended(orderId);
    const { runId } = await world.client.handle(orderId).describe();
    // As if the dispatcher had died between the delivery and the deletion of the row.
    await world.db.database`INSERT INTO outbox (order_id, kind) VALUES (${orderId}, ${kind})`;
    await world.delivered(orderId);
    expect(await world.client.handle(orderId).describe()).toMatchObject({ runId });
    expect(await world.simulator.ledgerOf(orderId)).toMatchObject([{ asked: 1 }]);
  },
);

it('believes the pharmacy, not a wrong signal, and accepts the next one', async () => {
  const orderId = await world.place('pharmacy-manual');
  await world.reach(orderId, 'AWAITING_COMPLETION');
  const handle = world.client.handle(orderId);
  await handle.signalCompletion({ webhookId: 'wrong', status: 'completed' });
  await eventually('the wrong hint was checked', async () => {
    const rows = await world.db.database`
      SELECT FROM orders WHERE id = ${orderId} AND hinted_wrongly`;
    return rows.length === 1;
  });
  expect(await handle.status()).toBe('AWAITING_COMPLETION');
  // The first poll is a minute away: only the pharmacy's webhook can complete the order now.
  await world.simulator.control('POST', `orders/${orderId}/advance`, { to: 'completed' });
  await world.reach(orderId, 'COMPLETED');
});

it('sends at most two signals for a thousand messages of one type', {
  timeout: 60_000,
}, async () => {
  const orderId = await world.place('pharmacy-manual');
  await world.reach(orderId, 'AWAITING_COMPLETION');
  const handle = world.client.handle(orderId);
  const send = async (first: number) => {
    for (let n = first; n < first + 50; n += 1) {
      await handle.signalCompletion({ webhookId: `${orderId}-${n}`, status: 'completed' });
    }
  };
  await handle.signalCompletion({ webhookId: `${orderId}-first`, status: 'completed' });
  await Promise.all(Array.from({ length: 20 }, (_, n) => send(n * 50)));
  await world.simulator.control('POST', `orders/${orderId}/advance`, { to: 'cancelled' });
  await world.reach(orderId, 'CANCELLED');
  const events = await world.history(orderId);
  expect(signalled(events)).toBeLessThanOrEqual(3); // one more for the cancellation
  expect(events.length).toBeLessThan(60);
});
