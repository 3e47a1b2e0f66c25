import { Client, Connection } from '@temporalio/client';
import type { Payload } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  cancelRequested,
  cancelUpdate,
  orderCompleted,
  orderWorkflowId,
  retryUpdate,
} from '../../../src/workflows/order-messages.ts';
import { DATA_CONVERTER } from '../../support/data-converter.ts';
import { eventually } from '../../support/eventually.ts';
import { timelineOf } from '../../support/timeline.ts';
import { createWorld, type World } from '../../support/world.ts';

/*
 * What the Temporal UI's actions do to an order (docs/temporal-actions.md). Resets are in reset.test.ts, and
 * terminated and deleted workflows in engine/reconciler.test.ts. The client encrypts
 * nothing, as the UI.
 */

let world: World;
let connection: Connection;
let ui: Client['workflow'];
beforeAll(async () => {
  world = await createWorld();
  connection = await Connection.connect({ address: inject('temporal').address });
  const payloadCodecs = (DATA_CONVERTER.payloadCodecs ?? []).map((codec) => ({
    encode: (payloads: Payload[]) => Promise.resolve(payloads),
    decode: (payloads: Payload[]) => codec.decode(payloads),
  }));
  ui = new Client({ connection, dataConverter: { ...DATA_CONVERTER, payloadCodecs } }).workflow;
});
afterAll(async () => {
  await connection?.close();
  await world?.close();
});

const workflow = (orderId: string) => ui.getHandle(orderWorkflowId(orderId));

/** Waits until the workflow has handled everything that was sent to it. */
async function settled(orderId: string): Promise<void> {
  await eventually('no workflow task is open', async () => {
    const { raw } = await workflow(orderId).describe();
    return raw.pendingWorkflowTask === null;
  });
}

async function waitingOrder(): Promise<string> {
  const orderId = await world.place('pharmacy-manual');
  await world.reach(orderId, 'AWAITING_COMPLETION');
  await world.delivered(orderId);
  return orderId;
}

async function completes(orderId: string): Promise<void> {
  await world.simulator.control('POST', `orders/${orderId}/advance`, { to: 'completed' });
  await world.reach(orderId, 'COMPLETED');
  expect(await world.simulator.ledgerOf(orderId)).toMatchObject([{ asked: 1 }]);
}

describe('Request Cancellation', () => {
  it('does nothing to an order that waits for its pharmacy', async () => {
    const orderId = await waitingOrder();
    const before = await timelineOf(world.db.database, orderId);
    await workflow(orderId).cancel();
    await settled(orderId);
    expect(await timelineOf(world.db.database, orderId)).toEqual(before);
    await completes(orderId);
  });

  it('leaves the updates of an order that needs attention to work', async () => {
    const [retried, cancelled] = [
      await world.place('pharmacy-nobody-knows'),
      await world.place('pharmacy-nobody-knows'),
    ];
    for (const orderId of [retried, cancelled]) {
      await world.reach(orderId, 'NEEDS_ATTENTION');
      await workflow(orderId).cancel();
      await settled(orderId);
      expect((await world.client.get(orderId)).status).toBe('NEEDS_ATTENTION');
    }
    await workflow(retried).executeUpdate(retryUpdate.name);
    expect(await timelineOf(world.db.database, retried)).toContain('operator REPAIR_RETRY');
    await workflow(cancelled).executeUpdate(cancelUpdate.name);
    await world.reach(cancelled, 'CANCELLED');
  });
});

describe('Send a Signal', () => {
  it('makes the order read its pharmacy, whatever the input says', async () => {
    const orderId = await waitingOrder();
    await workflow(orderId).signal(orderCompleted.name, { status: 'completed' });
    await settled(orderId);
    expect((await world.client.get(orderId)).status).toBe('AWAITING_COMPLETION');
    await completes(orderId);
  });

  it('cancels nothing: only a request that Postgres has is a cancellation', async () => {
    const orderId = await waitingOrder();
    await workflow(orderId).signal(cancelRequested.name);
    await settled(orderId);
    expect((await world.client.get(orderId)).status).toBe('AWAITING_COMPLETION');
    await completes(orderId);
  });

  it('ignores a signal that no order knows', async () => {
    const orderId = await waitingOrder();
    await workflow(orderId).signal('approve', 'anything');
    await settled(orderId);
    await completes(orderId);
  });
});

describe('Send an Update', () => {
  it('cancels an order that waits for its pharmacy', async () => {
    const orderId = await waitingOrder();
    await workflow(orderId).executeUpdate(cancelUpdate.name, { args: [{ by: 'anna' }] });
    await world.reach(orderId, 'CANCELLED');
    expect(await world.simulator.ledgerOf(orderId)).toMatchObject([{ status: 'cancelled' }]);
  });

  it('refuses an update that the status or the input does not allow', async () => {
    const orderId = await waitingOrder();
    const refused = async (input: object) => {
      const sent = workflow(orderId).executeUpdate(retryUpdate.name, { args: [input] });
      const error: unknown = await sent.catch((thrown: unknown) => thrown);
      return (error as { cause?: { type?: string } }).cause?.type;
    };
    expect(await refused({})).toBe('WRONG_STATUS');
    expect(await refused({ note: 'call the patient' })).toBe('INVALID_REPAIR');
    await completes(orderId);
  });
});

describe('Start Workflow Like This One', () => {
  it('changes nothing for an order that has ended', async () => {
    const orderId = await world.place('pharmacy-123');
    await world.reach(orderId, 'COMPLETED');
    await world.ended(orderId);
    const before = await timelineOf(world.db.database, orderId);
    const again = await ui.start('order', {
      workflowId: orderWorkflowId(orderId),
      taskQueue: world.worker.taskQueue,
      args: [{ orderId, pharmacyId: 'pharmacy-123' }],
    });
    await again.result().catch(() => undefined);
    await world.ended(orderId);
    expect(await timelineOf(world.db.database, orderId)).toEqual(before);
    expect(await world.simulator.ledgerOf(orderId)).toMatchObject([{ asked: 1 }]);
  });

  it('is refused while the order is open', async () => {
    const orderId = await waitingOrder();
    const options = {
      workflowId: orderWorkflowId(orderId),
      taskQueue: world.worker.taskQueue,
      args: [{ orderId, pharmacyId: 'pharmacy-manual' }],
    };
    await expect(ui.start('order', options)).rejects.toThrow('already started');
  });
});

describe('Pause, of a pending activity', () => {
  it('holds the order until the activity is unpaused', async () => {
    const orderId = await world.place('pharmacy-down');
    await world.reach(orderId, 'PLACING');
    const activity = {
      namespace: 'default',
      execution: { workflowId: orderWorkflowId(orderId) },
      type: 'placeOrder',
    };
    await connection.workflowService.pauseActivity(activity);
    await eventually('no attempt runs', async () => {
      const { raw } = await workflow(orderId).describe();
      return raw.pendingActivities?.every((pending) => pending.paused === true);
    });
    await world.simulator.control('POST', 'pharmacies/pharmacy-down', { up: true });
    await settled(orderId);
    expect((await world.client.get(orderId)).status).toBe('PLACING');
    await connection.workflowService.unpauseActivity(activity);
    await world.reach(orderId, 'COMPLETED');
  });
});
