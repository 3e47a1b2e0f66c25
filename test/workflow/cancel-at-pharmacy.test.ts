import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { orderWorkflowId, retryUpdate, statusQuery } from '../../src/workflows/order-messages.ts';
import { eventually } from '../support/eventually.ts';
import { copyPharmacy, openedPharmacy } from '../support/sealed-rows.ts';
import { cancelRowsOf } from '../support/timeline.ts';
import { startWorker } from '../support/worker.ts';
import { createWorld, type World } from '../support/world.ts';

const GRANTED = ['api CANCEL_REQUESTED', 'api STATUS_CHANGED CANCELLED'];
const REFUSED = ['api CANCEL_REQUESTED', 'pharmacy CANCEL_REFUSED TOO_LATE'];

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());
afterEach(async () => {
  await set('pharmacy-manual', { up: true, webhooks: true, cancellable: true });
  await set('pharmacy-down', { up: false, refusal: null, outcome: 'completed' });
  await set('pharmacy-corrupt', { up: true, spoiledDownloads: 1_000_000 });
});

const set = (pharmacyId: string, behaviour: object) =>
  world.simulator.control('POST', `pharmacies/${pharmacyId}`, behaviour);

const advance = (orderId: string, to: string) =>
  world.simulator.control('POST', `orders/${orderId}/advance`, { to });

const cancelRows = (orderId: string) => cancelRowsOf(world.db.database, orderId);

/** Places an order that waits at the pharmacy. */
async function waiting(pharmacyId = 'pharmacy-manual'): Promise<string> {
  const orderId = await world.place(pharmacyId);
  await world.reach(orderId, 'AWAITING_COMPLETION');
  return orderId;
}

/** Waits until the cancellation has been refused this many times. */
async function refused(orderId: string, times = 1): Promise<void> {
  await eventually('the cancellation is refused', async () => {
    const rows = await cancelRows(orderId);
    return rows.filter((row) => row.includes('REFUSED')).length === times;
  });
}

const workflow = (orderId: string) =>
  world.worker.client.workflow.getHandle(orderWorkflowId(orderId));

/** Waits until the workflow has followed Postgres to NEEDS_ATTENTION. */
async function needsAttention(orderId: string): Promise<void> {
  await eventually('the workflow needs attention', async () => {
    return (await workflow(orderId).query(statusQuery)).status === 'NEEDS_ATTENTION';
  });
}

/** Changes our token for the pharmacy; returns the previous one. */
async function changeToken(token: string): Promise<string> {
  const id = 'pharmacy-manual';
  const before = await openedPharmacy(world.db.database, id);
  await copyPharmacy(world.db.database, { from: id, to: id }, { token });
  return before!.token;
}

async function expectCancelledThere(orderId: string): Promise<void> {
  await world.reach(orderId, 'CANCELLED');
  await world.ended(orderId);
  expect(await world.simulator.ledgerOf(orderId)).toMatchObject([{ status: 'cancelled' }]);
}

describe('an order that waits at the pharmacy', () => {
  it('is cancelled at the pharmacy, and shows by whom and why', async () => {
    const orderId = await waiting();
    await world.client.handle(orderId).cancel('the patient moved');
    await expectCancelledThere(orderId);
    const order = await world.client.get(orderId);
    expect(order).toMatchObject({
      reasonCode: 'CANCEL_REQUESTED',
      reason: 'the patient moved',
    });
    expect(await cancelRows(orderId)).toEqual(GRANTED);
  });

  it('refuses repeated requests at once after a refusal, without events in Temporal, and completes', async () => {
    await set('pharmacy-manual', { cancellable: false });
    const orderId = await waiting();
    const handle = world.client.handle(orderId);
    await handle.cancel();
    await refused(orderId);
    const { length } = await world.history(orderId);
    for (let repeat = 0; repeat < 20; repeat += 1) await handle.cancel();
    expect(await cancelRows(orderId)).toEqual(Array.from({ length: 21 }, () => REFUSED).flat());
    // The first cancellation may still be about to end its workflow task.
    expect((await world.history(orderId)).length).toBeLessThanOrEqual(length + 6);
    expect(await handle.status()).toBe('AWAITING_COMPLETION');
    await advance(orderId, 'completed');
    const order = await world.reach(orderId, 'COMPLETED');
    expect(order.documents).toHaveLength(2);
    expect(order.reason).toBeUndefined();
  });

  it.each([
    [
      'a minute after',
      async (orderId: string) => {
        await world.db.database`
          UPDATE order_activity SET at = at - interval '1 minute' WHERE order_id = ${orderId}`;
      },
    ],
    [
      'after news that follow',
      async (orderId: string) => {
        const message = { webhookId: `news-${orderId}`, status: 'completed' } as const;
        await world.client.handle(orderId).signalCompletion(message);
      },
    ],
  ])('is cancelled by a second request %s the refusal of the first', async (_when, pass) => {
    await set('pharmacy-manual', { cancellable: false });
    const orderId = await waiting();
    await world.client.handle(orderId).cancel('first');
    await refused(orderId);
    await pass(orderId);
    await set('pharmacy-manual', { cancellable: true });
    await world.client.handle(orderId).cancel('second');
    await expectCancelledThere(orderId);
    expect((await world.client.get(orderId)).reason).toBe('second');
  });

  it('completes if the pharmacy completed it before the request and sent no webhook', async () => {
    await set('pharmacy-manual', { webhooks: false });
    const orderId = await waiting();
    await advance(orderId, 'completed');
    await world.client.handle(orderId).cancel();
    // The first poll is a minute away: only the pharmacy's answer to the request can complete it now.
    await world.reach(orderId, 'COMPLETED');
    expect(await cancelRows(orderId)).toEqual(REFUSED);
  });

  it('continues after a fault of the cancellation, and needs attention at the next step', async () => {
    const orderId = await waiting();
    const token = await changeToken('wrong');
    await world.client.handle(orderId).cancel();
    const order = await world.reach(orderId, 'NEEDS_ATTENTION');
    expect(order.reasonCode).toBe('PHARMACY_HTTP_401');
    await refused(orderId);
    await changeToken(token);
    await needsAttention(orderId);
    await world.client.handle(orderId).cancel();
    await expectCancelledThere(orderId);
  });
});

describe('an order that is being placed', () => {
  it('is not placed again, and is cancelled as soon as the pharmacy says that it does not have it', async () => {
    const orderId = await world.place('pharmacy-down');
    await world.reach(orderId, 'PLACING');
    await world.client.handle(orderId).cancel();
    await sleep(500);
    expect(await world.client.handle(orderId).status()).toBe('PLACING');
    await set('pharmacy-down', { up: true, outcome: null });
    await world.reach(orderId, 'CANCELLED');
    expect(await world.simulator.ledgerOf(orderId)).toEqual([]);
    expect(await cancelRows(orderId)).toEqual(GRANTED);
  });

  it('is cancelled at the pharmacy if the answer to the placing was lost', async () => {
    await set('pharmacy-lost-reply', { outcome: null });
    const orderId = await world.place('pharmacy-lost-reply');
    await world.reach(orderId, 'PLACING', 'AWAITING_COMPLETION');
    await world.client.handle(orderId).cancel();
    await expectCancelledThere(orderId);
  });
});

describe('while the pharmacy is unreachable', () => {
  it('the request waits, and the order is cancelled afterwards', async () => {
    const orderId = await waiting();
    await set('pharmacy-manual', { up: false });
    await world.client.handle(orderId).cancel();
    await sleep(1_000);
    expect(await cancelRows(orderId)).toEqual(['api CANCEL_REQUESTED']);
    await set('pharmacy-manual', { up: true });
    await expectCancelledThere(orderId);
  });

  it('a completion that is reported meanwhile counts', async () => {
    const orderId = await waiting();
    await set('pharmacy-manual', { up: false, webhooks: false });
    const handle = world.client.handle(orderId);
    await handle.cancel();
    await handle.signalCompletion({ webhookId: 'meanwhile', status: 'completed' });
    await advance(orderId, 'completed');
    await set('pharmacy-manual', { up: true });
    await world.reach(orderId, 'COMPLETED');
    expect(await cancelRows(orderId)).toEqual(REFUSED);
  });
});

describe('an order in NEEDS_ATTENTION that was sent', () => {
  it('is cancelled at the pharmacy', async () => {
    const setLimit = (ms: number | null) => world.db.database`
      UPDATE pharmacies SET completion_limit_ms = ${ms} WHERE id = 'pharmacy-manual'`;
    await setLimit(500);
    await set('pharmacy-manual', { cancellable: false });
    const orderId = await world.place('pharmacy-manual');
    const order = await world.reach(orderId, 'NEEDS_ATTENTION');
    await setLimit(null);
    expect(order.reasonCode).toBe('EXPIRY_NOT_CONFIRMED');
    await set('pharmacy-manual', { cancellable: true });
    await world.client.handle(orderId).cancel();
    await expectCancelledThere(orderId);
  });

  it('stays there for its earlier reason if it is too late, and can be retried', async () => {
    const orderId = await world.place('pharmacy-corrupt');
    const before = await world.reach(orderId, 'NEEDS_ATTENTION');
    await needsAttention(orderId);
    await world.client.handle(orderId).cancel();
    await refused(orderId);
    await world.delivered(orderId);
    const { updatedAt: _, ...rest } = await world.client.get(orderId);
    expect(before).toMatchObject({ ...rest, reasonCode: 'DOCUMENT_MISMATCH' });
    await set('pharmacy-corrupt', { spoiledDownloads: 0 });
    await workflow(orderId).executeUpdate(retryUpdate.name);
    await world.reach(orderId, 'COMPLETED');
    expect(await cancelRows(orderId)).toEqual(REFUSED);
  });

  it('accepts a retry during the cancellation at the pharmacy', async () => {
    const orderId = await world.place('pharmacy-corrupt');
    await world.reach(orderId, 'NEEDS_ATTENTION');
    await needsAttention(orderId);
    await set('pharmacy-corrupt', { up: false, spoiledDownloads: 0 });
    await world.client.handle(orderId).cancel();
    await world.delivered(orderId);
    await workflow(orderId).executeUpdate(retryUpdate.name);
    await set('pharmacy-corrupt', { up: true });
    await world.reach(orderId, 'COMPLETED');
    expect(await cancelRows(orderId)).toEqual(REFUSED);
  });

  it('keeps the request if the placing’s outcome is unknown, and is cancelled without being placed after a retry', async () => {
    const token = await changeToken('wrong');
    const orderId = await world.place('pharmacy-manual');
    await world.reach(orderId, 'NEEDS_ATTENTION');
    await needsAttention(orderId);
    await world.client.handle(orderId).cancel();
    await eventually('the order was looked up', async () => {
      const events = await world.history(orderId);
      // The placing may have been a local activity; the look-up never is one.
      const placed = events.findIndex((event) => event.includes('workflowExecutionSignaled'));
      return events.slice(placed).some((event) => event.includes('activityTaskCompleted'));
    });
    await needsAttention(orderId);
    await changeToken(token);
    await workflow(orderId).executeUpdate(retryUpdate.name);
    await world.reach(orderId, 'CANCELLED');
    expect(await world.simulator.ledgerOf(orderId)).toEqual([]);
    expect(await cancelRows(orderId)).toEqual(GRANTED);
  });
});

it('is too late while the documents are fetched: refused immediately, without a signal', async () => {
  await set('pharmacy-corrupt', { spoiledDownloads: 4 });
  const orderId = await world.place('pharmacy-corrupt');
  await world.reach(orderId, 'FETCHING_DOCUMENTS');
  await world.client.handle(orderId).cancel();
  expect(await cancelRows(orderId)).toEqual(REFUSED);
  await world.reach(orderId, 'COMPLETED');
  await world.ended(orderId);
  const signals = (await world.history(orderId)).filter((event) => event.includes('Signaled'));
  expect(signals).toHaveLength(1); // the completion's
});

it('continues on another worker when the first has stopped', async () => {
  const orderId = await waiting();
  const { taskQueue } = world.worker;
  await world.worker.stop();
  await world.client.handle(orderId).cancel();
  expect(await world.client.handle(orderId).status()).toBe('AWAITING_COMPLETION');
  world.worker = await startWorker(world.db.asWorker, {}, taskQueue);
  await expectCancelledThere(orderId);
  expect(await cancelRows(orderId)).toEqual(GRANTED);
});
