import { afterAll, beforeAll, expect, it } from 'vitest';
import { orderWorkflowId } from '../../src/workflows/order-messages.ts';
import { eventually } from '../support/eventually.ts';
import { createWorld, type World } from '../support/world.ts';

/** One poll for each day; their number does not matter, because a poll adds no event. */
const POLLS = 30;

let world: World;
beforeAll(async () => {
  // Scaled down: Temporal's time-skipping test server would have to be downloaded.
  world = await createWorld({ pollInitialMs: 10, pollMaxMs: 10, completionLimitMs: 3_600_000 });
});
afterAll(() => world.close());

it('has at most 60 events after 30 days of polling and 1,000 duplicate webhooks', {
  timeout: 240_000,
}, async () => {
  const orderId = await world.place('pharmacy-manual');
  await world.reach(orderId, 'AWAITING_COMPLETION');
  const handle = world.client.handle(orderId);
  for (let first = 0; first < 1_000; first += 20) {
    const report = (_: unknown, n: number) =>
      handle.signalCompletion({ webhookId: `${orderId}-${first + n}`, status: 'completed' });
    await Promise.all(Array.from({ length: 20 }, report));
  }
  const workflow = world.worker.client.workflow.getHandle(orderWorkflowId(orderId));
  const polls = async () => {
    const { raw } = await workflow.describe();
    return raw.pendingActivities?.[0]?.attempt ?? 0;
  };
  await eventually(`${POLLS} polls`, async () => (await polls()) >= POLLS, 120_000);
  expect((await world.history(orderId)).length).toBeLessThanOrEqual(60);

  await world.simulator.control('POST', `orders/${orderId}/advance`, { to: 'completed' });
  await world.reach(orderId, 'COMPLETED');
});
