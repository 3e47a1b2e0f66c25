import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createActivities } from '../../src/activities/create-activities.ts';
import { withPharmacySlots } from '../../src/activities/pharmacy-slots.ts';
import { createFileStore } from '../../src/documents/file-store.ts';
import { createSealedDocuments } from '../../src/documents/sealed-documents.ts';
import { createPharmacyDirectory } from '../../src/pharmacy/directory.ts';
import { createSdkLog } from '../../src/temporal/sdk-log.ts';
import { orderWorkflowId, retryUpdate, statusQuery } from '../../src/workflows/order-messages.ts';
import { eventually } from '../support/eventually.ts';
import { LOOPBACK } from '../support/foreign.ts';
import { createKeptLog } from '../support/logs.ts';
import { timelineOf } from '../support/timeline.ts';
import { QUICK } from '../support/worker.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld({ completionLimitMs: 1_000, pollInitialMs: 400, pollMaxMs: 400 });
});
afterAll(() => world.close());

const workflow = (orderId: string) =>
  world.worker.client.workflow.getHandle(orderWorkflowId(orderId));

/** Completes the order as if the pharmacy had dispensed it before the cancellation arrived. */
async function completeLate(orderId: string): Promise<void> {
  const step = { to: 'completed', late: true };
  await world.simulator.control('POST', `orders/${orderId}/advance`, step);
}

async function expiredOrder(): Promise<string> {
  const orderId = await world.place('pharmacy-manual');
  await world.reach(orderId, 'EXPIRED');
  await world.ended(orderId);
  return orderId;
}

it('reopens an expired order that the pharmacy completes late, and completes it after a retry', {
  timeout: 60_000,
}, async () => {
  const orderId = await expiredOrder();
  await completeLate(orderId);
  const order = await world.reach(orderId, 'NEEDS_ATTENTION');
  expect(order.reasonCode).toBe('LATE_ANSWER');
  await eventually('a new run waits in NEEDS_ATTENTION', async () => {
    const { status, reasonCode } = await workflow(orderId).query(statusQuery);
    return status === 'NEEDS_ATTENTION' && reasonCode === 'LATE_ANSWER';
  });
  await world.delivered(orderId);
  expect((await world.client.get(orderId)).status).toBe('NEEDS_ATTENTION');

  await workflow(orderId).executeUpdate(retryUpdate.name);
  const completed = await world.reach(orderId, 'COMPLETED');
  expect(completed.documents.length).toBeGreaterThan(0);
  expect(await world.simulator.ledgerOf(orderId)).toMatchObject([{ asked: 1 }]);
  expect(await timelineOf(world.db.database, orderId)).toEqual(
    expect.arrayContaining([
      'system STATUS_CHANGED EXPIRED',
      'pharmacy STATUS_CHANGED NEEDS_ATTENTION',
      'pharmacy PHARMACY_MESSAGE',
      'system STATUS_CHANGED COMPLETED',
    ]),
  );
  const events = await world.db.database<{ status: string }[]>`
    SELECT content -> 'order' ->> 'status' AS status FROM events
    WHERE order_id = ${orderId} AND event = 'ORDER_STATUS_CHANGED' ORDER BY sequence`;
  expect(events.map(({ status }) => status)).toEqual(['EXPIRED', 'NEEDS_ATTENTION', 'COMPLETED']);
});

it('ends the old run if its expiry is repeated after a late answer', async () => {
  const orderId = await expiredOrder();
  await completeLate(orderId);
  await world.reach(orderId, 'NEEDS_ATTENTION');
  const { expireOrder } = createActivities({
    database: world.db.database,
    pharmacies: withPharmacySlots(
      createPharmacyDirectory(world.db.database, {
        timeoutMs: 1_000,
        foreign: LOOPBACK,
      }),
      0,
    ),
    documents: createSealedDocuments(createFileStore('unused')),
    settings: QUICK,
  });
  const environment = new MockActivityEnvironment({}, { logger: createSdkLog(createKeptLog()) });

  expect(await environment.run(expireOrder, orderId)).toMatchObject({
    outcome: 'ended',
    status: 'EXPIRED',
  });
  expect((await world.client.get(orderId)).status).toBe('NEEDS_ATTENTION');
});

it('accepts a late answer of a type that came before the expiry', async () => {
  const orderId = await world.place('pharmacy-manual');
  await world.reach(orderId, 'AWAITING_COMPLETION');
  const report = (webhookId: string) =>
    world.client.handle(orderId).signalCompletion({
      webhookId: `${orderId}-${webhookId}`,
      status: 'completed',
    });
  // After two wrong hints, a third one before the expiry would be ignored.
  await report('first');
  await eventually('the first hint was checked', async () => {
    const rows = await world.db.database`
      SELECT FROM orders WHERE id = ${orderId} AND hinted_wrongly`;
    return rows.length === 1;
  });
  await report('second');
  await world.reach(orderId, 'EXPIRED');
  await report('third');
  expect((await world.client.get(orderId)).reasonCode).toBe('LATE_ANSWER');
});

it('does not reopen the order when the pharmacy reports the requested cancellation', async () => {
  const orderId = await expiredOrder();
  const received = async () =>
    (
      await world.db.database`
      SELECT FROM inbox WHERE order_id = ${orderId} AND type = 'cancelled'`
    ).length === 1;
  await eventually('its webhook has arrived', received);
  expect((await world.client.get(orderId)).status).toBe('EXPIRED');
});

it('stays in NEEDS_ATTENTION when a reopened order cannot be cancelled', {
  timeout: 60_000,
}, async () => {
  const orderId = await expiredOrder();
  await completeLate(orderId);
  await world.reach(orderId, 'NEEDS_ATTENTION');
  await world.client.handle(orderId).cancel();
  await eventually('the refusal is in the timeline', async () => {
    const rows = await timelineOf(world.db.database, orderId);
    return rows.includes('pharmacy CANCEL_REFUSED TOO_LATE');
  });
  const order = await world.client.get(orderId);
  expect(order).toMatchObject({ status: 'NEEDS_ATTENTION', reasonCode: 'LATE_ANSWER' });
});
