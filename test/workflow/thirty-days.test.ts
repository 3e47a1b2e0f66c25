import { afterAll, beforeAll, expect, it } from 'vitest';
import { orderWorkflowId } from '../../src/workflows/order-messages.ts';
import { eventually } from '../support/eventually.ts';
import { createWorld, type World } from '../support/world.ts';

/** One for each day; how many there are does not matter, as a look adds no event. */
const LOOKS = 30;

let world: World;
beforeAll(async () => {
  // Scaled: a server that skips time is a program of its own, which would have to be downloaded.
  world = await createWorld({ pollInitialMs: 10, pollMaxMs: 10, completionLimitMs: 3_600_000 });
});
afterAll(() => world.close());

it('has at most 60 events after the looks of 30 days and 1,000 duplicate webhooks', {
  timeout: 240_000,
}, async () => {
  const orderId = await world.place('pharmacy-manual');
  await world.reach(orderId, 'AWAITING_COMPLETION');
  const handle = world.client.handle(orderId);
  for (let first = 0; first < 1_000; first += 20) {
    const tell = (_: unknown, n: number) =>
      handle.signalCompletion({ webhookId: `${orderId}-${first + n}`, status: 'completed' });
    await Promise.all(Array.from({ length: 20 }, tell));
  }
  const workflow = world.worker.client.workflow.getHandle(orderWorkflowId(orderId));
  const looks = async () => {
    const { raw } = await workflow.describe();
    return raw.pendingActivities?.[0]?.attempt ?? 0;
  };
  await eventually(`${LOOKS} looks`, async () => (await looks()) >= LOOKS, 120_000);
  expect((await world.history(orderId)).length).toBeLessThanOrEqual(60);

  await world.simulator.control('POST', `orders/${orderId}/advance`, { to: 'completed' });
  await world.reach(orderId, 'COMPLETED');
});
