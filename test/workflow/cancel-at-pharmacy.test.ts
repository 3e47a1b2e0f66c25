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

/** Waits until the request to cancel was refused as often as this. */
async function refused(orderId: string, times = 1): Promise<void> {
  await eventually('the request is refused', async () => {
    const rows = await cancelRows(orderId);
    return rows.filter((row) => row.includes('REFUSED')).length === times;
  });
}

const workflow = (orderId: string) =>
  world.worker.client.workflow.getHandle(orderWorkflowId(orderId));

/** Waits until the workflow has come to rest, which it does a moment after Postgres says so. */
async function resting(orderId: string): Promise<void> {
  await eventually('the workflow rests', async () => {
    return (await workflow(orderId).query(statusQuery)).status === 'NEEDS_ATTENTION';
  });
}

/** Changes what we identify ourselves with to the pharmacy; gives what it was. */
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
  it('is cancelled there, and says by whom and why', async () => {
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

  it('goes on when the pharmacy refuses, asks again when asked, and completes', async () => {
    await set('pharmacy-manual', { cancellable: false });
    const orderId = await waiting();
    const handle = world.client.handle(orderId);
    await handle.cancel();
    await refused(orderId);
    await handle.cancel();
    await refused(orderId, 2);
    expect(await handle.status()).toBe('AWAITING_COMPLETION');
    await advance(orderId, 'completed');
    const order = await world.reach(orderId, 'COMPLETED');
    expect(order.documents).toHaveLength(2);
    expect(order.reason).toBeUndefined();
    expect(await cancelRows(orderId)).toEqual([...REFUSED, ...REFUSED]);
  });

  it('is cancelled by a second request when only the first was refused', async () => {
    await set('pharmacy-manual', { cancellable: false });
    const orderId = await waiting();
    await world.client.handle(orderId).cancel('first');
    await refused(orderId);
    await set('pharmacy-manual', { cancellable: true });
    await world.client.handle(orderId).cancel('second');
    await expectCancelledThere(orderId);
    expect((await world.client.get(orderId)).reason).toBe('second');
  });

  it('completes when it was completed there before the request, though no webhook told', async () => {
    await set('pharmacy-manual', { webhooks: false });
    const orderId = await waiting();
    await advance(orderId, 'completed');
    await world.client.handle(orderId).cancel();
    // The first look is a minute away: the pharmacy's answer to the request has to bring it here.
    await world.reach(orderId, 'COMPLETED');
    expect(await cancelRows(orderId)).toEqual(REFUSED);
  });

  it('goes on when the pharmacy has no such call or forbids it, and people look', async () => {
    const orderId = await waiting();
    const token = await changeToken('wrong');
    await world.client.handle(orderId).cancel();
    const order = await world.reach(orderId, 'NEEDS_ATTENTION');
    expect(order.reasonCode).toBe('PHARMACY_HTTP_401');
    await refused(orderId);
    await changeToken(token);
    await resting(orderId);
    await world.client.handle(orderId).cancel();
    await expectCancelledThere(orderId);
  });
});

describe('an order that is being placed', () => {
  it('is carried to the pharmacy first, and cancelled there: one order, cancelled', async () => {
    const orderId = await world.place('pharmacy-down');
    await world.reach(orderId, 'PLACING');
    await world.client.handle(orderId).cancel();
    await sleep(500);
    expect(await world.client.handle(orderId).status()).toBe('PLACING');
    await set('pharmacy-down', { up: true, outcome: null });
    await expectCancelledThere(orderId);
    expect(await cancelRows(orderId)).toEqual(GRANTED);
  });

  it('is cancelled there when the answer to its placing was lost', async () => {
    await set('pharmacy-lost-reply', { outcome: null });
    const orderId = await world.place('pharmacy-lost-reply');
    await world.reach(orderId, 'PLACING', 'AWAITING_COMPLETION');
    await world.client.handle(orderId).cancel();
    await expectCancelledThere(orderId);
  });

  it('is rejected when the pharmacy refuses it, and the request is told so', async () => {
    const orderId = await world.place('pharmacy-down');
    await world.reach(orderId, 'PLACING');
    await world.client.handle(orderId).cancel();
    const refusal = { code: 'DRUG_NOT_STOCKED', message: 'not stocked' };
    await set('pharmacy-down', { up: true, refusal });
    await world.reach(orderId, 'REJECTED');
    expect(await cancelRows(orderId)).toEqual(REFUSED);
  });
});

describe('while the pharmacy is away', () => {
  it('the request waits, and the order is cancelled when it is back', async () => {
    const orderId = await waiting();
    await set('pharmacy-manual', { up: false });
    await world.client.handle(orderId).cancel();
    await sleep(1_000);
    expect(await cancelRows(orderId)).toEqual(['api CANCEL_REQUESTED']);
    await set('pharmacy-manual', { up: true });
    await expectCancelledThere(orderId);
  });

  it('a completion that is told meanwhile counts', async () => {
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

describe('an order that rests after it was sent', () => {
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

  it('rests on for the reason that it had, when it is too late; and can be sent on', async () => {
    const orderId = await world.place('pharmacy-corrupt');
    const before = await world.reach(orderId, 'NEEDS_ATTENTION');
    await resting(orderId);
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

  it('heeds a retry that comes while the pharmacy is asked to cancel', async () => {
    const orderId = await world.place('pharmacy-corrupt');
    await world.reach(orderId, 'NEEDS_ATTENTION');
    await resting(orderId);
    await set('pharmacy-corrupt', { up: false, spoiledDownloads: 0 });
    await world.client.handle(orderId).cancel();
    await world.delivered(orderId);
    await workflow(orderId).executeUpdate(retryUpdate.name);
    await set('pharmacy-corrupt', { up: true });
    await world.reach(orderId, 'COMPLETED');
    expect(await cancelRows(orderId)).toEqual(REFUSED);
  });

  it('with an unknown outcome keeps the request, and is cancelled there once it is sent on', async () => {
    const token = await changeToken('wrong');
    const orderId = await world.place('pharmacy-manual');
    await world.reach(orderId, 'NEEDS_ATTENTION');
    await resting(orderId);
    await world.client.handle(orderId).cancel();
    await eventually('it was tried once more', async () => {
      const events = await world.history(orderId);
      return events.filter((event) => event.includes('activityTaskCompleted')).length === 2;
    });
    await resting(orderId);
    await changeToken(token);
    await workflow(orderId).executeUpdate(retryUpdate.name);
    await expectCancelledThere(orderId);
    expect(await cancelRows(orderId)).toEqual(GRANTED);
  });
});

it('is too late while the documents are fetched: told at once, without a signal', async () => {
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

it('is carried on by another worker when the first is gone', async () => {
  const orderId = await waiting();
  const { taskQueue } = world.worker;
  await world.worker.stop();
  await world.client.handle(orderId).cancel();
  expect(await world.client.handle(orderId).status()).toBe('AWAITING_COMPLETION');
  world.worker = await startWorker(world.db.asWorker, {}, taskQueue);
  await expectCancelledThere(orderId);
  expect(await cancelRows(orderId)).toEqual(GRANTED);
});
