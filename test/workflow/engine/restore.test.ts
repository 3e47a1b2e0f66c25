import { afterAll, beforeAll, expect, it } from 'vitest';
import { findLostOrders } from '../../../src/operators/lost-orders.ts';
import { recheckEndedOrders } from '../../../src/operators/recheck-orders.ts';
import { openDatabase } from '../../../src/storage/database.ts';
import { orderWorkflowId } from '../../../src/workflows/order-messages.ts';
import { eventually } from '../../support/eventually.ts';
import { examplePlaceOrder } from '../../support/example.ts';
import { startTestReconciler, type TestReconciler } from '../../support/reconciler.ts';
import { listed, startScriptedPharmacy } from '../../support/scripted-pharmacy.ts';
import { createWorld, type World } from '../../support/world.ts';

/*
 * Postgres was restored to an earlier moment, while Temporal and the pharmacies went on: Postgres has lost orders, or
 * knows less of them than their workflows.
 */

let world: World;
let reconciler: TestReconciler;

beforeAll(async () => {
  world = await createWorld();
  reconciler = await startTestReconciler(world, world.db.asWorker);
});
afterAll(async () => {
  await reconciler.stop();
  await world.close();
});

const workflow = (orderId: string) =>
  world.worker.client.workflow.getHandle(orderWorkflowId(orderId));

async function placeWithKey(idempotencyKey: string) {
  const { order } = examplePlaceOrder();
  const { caseId } = world.organization;
  const changed = { ...order, pharmacyId: 'pharmacy-manual' };
  return await world.client.place({ caseId, order: changed, idempotencyKey });
}

/** Deletes all that Postgres knows of an order, as a restore to a moment before it does. */
async function forget(orderId: string): Promise<void> {
  await world.db.asSuperuser.begin(async (sql) => {
    await sql`SET LOCAL session_replication_role = replica`;
    await sql`DELETE FROM webhook_deliveries WHERE event_id IN (SELECT id FROM events WHERE order_id = ${orderId})`;
    for (const table of ['events', 'order_activity', 'outbox', 'shipments', 'documents', 'inbox']) {
      await sql`DELETE FROM ${sql(table)} WHERE order_id = ${orderId}`;
    }
    await sql`DELETE FROM orders WHERE id = ${orderId}`;
  });
}

async function finishRestore(): Promise<void> {
  await world.db.database`SELECT begin_epoch('RESTORED')`;
  await eventually('the earlier runs have ended', async () => {
    const rows = await world.db
      .database`SELECT FROM epochs WHERE ends_runs AND runs_ended_at IS NULL`;
    return rows.length === 0;
  });
}

it('a repeated request gets its former order id, and the pharmacy has one order', async () => {
  const { orderId } = await placeWithKey('lost-order');
  await world.reach(orderId, 'AWAITING_COMPLETION');
  const [placed] = await world.simulator.ledgerOf(orderId);
  await forget(orderId);
  await finishRestore();
  expect((await workflow(orderId).describe()).status.name).toBe('TERMINATED');
  const lost = async () =>
    (
      await findLostOrders(world.db.database, world.worker.client, new Date(Date.now() - 600_000))
    ).find((each) => each.orderId === orderId);
  const { organizationId } = world.organization;
  expect(await eventually('the lost order is listed', lost)).toMatchObject({
    ...{ organizationId, pharmacyId: 'pharmacy-manual', atPharmacy: 'accepted' },
    pharmacyOrderId: placed?.id,
  });

  const again = await placeWithKey('lost-order');
  expect(again.orderId).toBe(orderId);
  await world.reach(orderId, 'AWAITING_COMPLETION');
  await world.simulator.control('POST', `orders/${orderId}/advance`, { to: 'completed' });
  await world.reach(orderId, 'COMPLETED');
  expect(await world.simulator.ledgerOf(orderId)).toHaveLength(1);
  expect(await lost()).toBeUndefined();
});

it('another request with the same key is another order', async () => {
  const { orderId } = await placeWithKey('changed-order');
  await forget(orderId);
  const { order } = examplePlaceOrder();
  const changed = { ...order, pharmacyId: 'pharmacy-manual', diagnosis: 'Another diagnosis' };
  const { caseId } = world.organization;
  const request = { caseId, order: changed, idempotencyKey: 'changed-order' };
  expect((await world.client.place(request)).orderId).not.toBe(orderId);
});

it('an order of which Postgres knows less than its workflow continues from Postgres', async () => {
  const orderId = await world.place('pharmacy-manual');
  await world.reach(orderId, 'AWAITING_COMPLETION');
  await world.db.database`
    UPDATE orders SET status = 'PLACING', pharmacy_order_id = NULL WHERE id = ${orderId}`;
  await finishRestore();
  await world.reach(orderId, 'AWAITING_COMPLETION');
  await world.simulator.control('POST', `orders/${orderId}/advance`, { to: 'completed' });
  await world.reach(orderId, 'COMPLETED');
  expect(await world.simulator.ledgerOf(orderId)).toHaveLength(1);
});

it('an order that had needed attention only later continues', async () => {
  const orderId = await world.place('pharmacy-nobody-knows');
  await world.reach(orderId, 'NEEDS_ATTENTION');
  await world.db.database`
    UPDATE orders SET status = 'ACCEPTED', reason_code = NULL WHERE id = ${orderId}`;
  await finishRestore();
  await world.reach(orderId, 'NEEDS_ATTENTION');
});

it('an order that had ended gets what its pharmacy reported after the backup', async () => {
  const pharmacy = await startScriptedPharmacy(world.db.database);
  pharmacy.template = { status: 'completed', documents: [] };
  const orderId = await world.place(pharmacy.id);
  await world.reach(orderId, 'COMPLETED');
  await world.ended(orderId);
  // The message about it was answered, and is lost.
  pharmacy.order(orderId).documents = [listed('late')];
  await finishRestore();
  const operator = openDatabase(world.db.operatorUrl, 1);
  expect(await recheckEndedOrders(operator, new Date(Date.now() + 60_000))).toBe(0);
  expect(await recheckEndedOrders(operator, new Date(Date.now() - 60_000))).toBeGreaterThan(0);
  await eventually('the late document is stored', async () => {
    return (await world.client.get(orderId)).documents.length === 1;
  });
  await eventually('every order was read', async () => {
    return (await world.db.database`SELECT FROM order_news`).length === 0;
  });
  expect((await world.client.get(orderId)).status).toBe('COMPLETED');
  await operator.end();
  await pharmacy.close();
});
