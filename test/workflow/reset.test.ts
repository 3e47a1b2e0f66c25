import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { orderWorkflowId } from '../../src/workflows/order-messages.ts';
import { eventually } from '../support/eventually.ts';
import { timelineOf } from '../support/timeline.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

/** Resets an order's workflow to its first or last workflow task, as operators do in the Temporal UI. */
async function reset(orderId: string, point: 'first' | 'last'): Promise<void> {
  const { client } = world.worker;
  const workflowId = orderWorkflowId(orderId);
  const handle = client.workflow.getHandle(workflowId);
  const { runId } = await handle.describe();
  // An order reaches a status in a local step before its workflow task has ended.
  const tasks = await eventually('a workflow task has ended', async () => {
    const { events } = await handle.fetchHistory();
    const ended = (events ?? []).filter((event) => event.workflowTaskCompletedEventAttributes);
    return ended.length > 0 && ended;
  });
  const task = point === 'first' ? tasks.at(0) : tasks.at(-1);
  await client.workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId, runId },
    reason: 'a test',
    requestId: randomUUID(),
    workflowTaskFinishEventId: task?.eventId ?? null,
  });
}

const ends = async (orderId: string) =>
  (await timelineOf(world.db.database, orderId)).filter((row) =>
    /STATUS_CHANGED (COMPLETED|CANCELLED|REJECTED|EXPIRED)/.test(row),
  );

describe.each(['first', 'last'] as const)('a reset to the %s workflow task', (point) => {
  it('does not place a waiting order again', async () => {
    const orderId = await world.place('pharmacy-manual');
    await world.reach(orderId, 'AWAITING_COMPLETION');
    await world.delivered(orderId);
    await reset(orderId, point);
    await world.client.handle(orderId).cancel();
    await world.reach(orderId, 'CANCELLED');
    await world.ended(orderId);
    expect(await world.simulator.ledgerOf(orderId)).toHaveLength(1);
    expect(await ends(orderId)).toHaveLength(1);
  });

  it('leaves an ended order unchanged', async () => {
    const orderId = await world.place('pharmacy-123');
    await world.reach(orderId, 'COMPLETED');
    await world.ended(orderId);
    const before = await timelineOf(world.db.database, orderId);
    await reset(orderId, point);
    await world.ended(orderId);
    expect(await world.simulator.ledgerOf(orderId)).toHaveLength(1);
    expect(await timelineOf(world.db.database, orderId)).toEqual(before);
  });

  it('retries an order that needs attention, or lets it wait for a retry', async () => {
    const orderId = await world.place('pharmacy-corrupt');
    const first = await world.reach(orderId, 'NEEDS_ATTENTION');
    await reset(orderId, point);
    if (point === 'last') {
      await world.client.handle(orderId).retry({ by: 'anna', reason: 'after a reset' });
    }
    await world.reach(orderId, 'FETCHING_DOCUMENTS', 'PLACING', 'AWAITING_COMPLETION');
    const second = await world.reach(orderId, 'NEEDS_ATTENTION');
    expect(second.updatedAt > first.updatedAt).toBe(true);
    expect(await world.simulator.ledgerOf(orderId)).toHaveLength(1);
  });
});
