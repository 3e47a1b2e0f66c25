import { afterAll, beforeAll, expect, it } from 'vitest';
import { orderWorkflowId } from '../../src/workflows/order-messages.ts';
import { eventually } from '../support/eventually.ts';
import { startWorker, type TestWorker } from '../support/worker.ts';
import { plantVersion, type WorkflowVersion } from '../support/workflow-version.ts';
import { createWorld, type World } from '../support/world.ts';

/*
 * A rolling deployment of a changed workflow (docs/workflow-versions.md): workers from before and after a
 * patch serve the same task queue while orders are open.
 */

const ORDERS = 6;

let version: WorkflowVersion;
let world: World;
let next: TestWorker | undefined;
beforeAll(async () => {
  version = await plantVersion(
    'planted-next-version',
    ['order.ts', 'import {', "import { patched } from '@temporalio/workflow';\nimport {"],
    // An additional command, which earlier orders do not get.
    [
      'order.ts',
      '  const placed = await step(',
      "  if (patched('planted')) await condition(() => false, 1);\n  const placed = await step(",
    ],
  );
  world = await createWorld();
});
afterAll(async () => {
  await next?.stop();
  await world?.close();
  await version?.remove();
});

const placeSome = () =>
  Promise.all(Array.from({ length: ORDERS }, () => world.place('pharmacy-manual')));

const advance = (orderId: string) =>
  world.simulator.control('POST', `orders/${orderId}/advance`, { to: 'completed' });

async function complete(orderIds: readonly string[]): Promise<void> {
  for (const orderId of orderIds) await advance(orderId);
  for (const orderId of orderIds) await world.reach(orderId, 'COMPLETED');
}

/** Whether the order's run has the patch; local activities leave markers, too. */
async function isPatched(orderId: string): Promise<boolean> {
  const workflow = world.worker.client.workflow.getHandle(orderWorkflowId(orderId));
  const { events } = await workflow.fetchHistory();
  return (events ?? []).some(
    (event) => event.markerRecordedEventAttributes?.markerName === 'core_patch',
  );
}

it('completes the orders of both versions while workers of both run', async () => {
  const before = await placeSome();
  for (const orderId of before) await world.reach(orderId, 'AWAITING_COMPLETION');

  next = await startWorker(world.db.asWorker, {}, world.worker.taskQueue, version.path);
  const during: string[] = [];
  await eventually('a worker of the next version has started an order', async () => {
    const some = await placeSome();
    during.push(...some);
    for (const orderId of some) await world.reach(orderId, 'AWAITING_COMPLETION');
    return (await Promise.all(some.map(isPatched))).includes(true);
  });

  await complete([...before, ...during]);
  for (const orderId of before) expect(await isPatched(orderId)).toBe(false);
});
