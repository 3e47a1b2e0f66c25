import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { receiveMessage } from '../../../src/orders/inbox.ts';
import { openDatabase } from '../../../src/storage/database.ts';
import {
  orderWorkflowId,
  retryUpdate,
  statusQuery,
} from '../../../src/workflows/order-messages.ts';
import { orderNewsWorkflowId } from '../../../src/workflows/order-news-messages.ts';
import { eventually } from '../../support/eventually.ts';
import { TESTER } from '../../support/organization.ts';
import { startTestReconciler, type TestReconciler } from '../../support/reconciler.ts';
import { listed, reply, startScriptedPharmacy } from '../../support/scripted-pharmacy.ts';
import { copyPharmacy } from '../../support/sealed-rows.ts';
import { timelineOf } from '../../support/timeline.ts';
import { startWorker } from '../../support/worker.ts';
import { createWorld, type World } from '../../support/world.ts';

let world: World;
let reconciler: TestReconciler;

beforeAll(async () => {
  world = await createWorld();
  reconciler = await startTestReconciler(world, world.db.database);
});
afterAll(async () => {
  await reconciler.stop();
  await world.close();
});

const workflow = (orderId: string) =>
  world.worker.client.workflow.getHandle(orderWorkflowId(orderId));

/** Deletes an order's workflow from Temporal, as if Temporal had lost its store. */
async function lose(orderId: string, workflowId = orderWorkflowId(orderId)): Promise<void> {
  await reconciler.connection.workflowService.deleteWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId },
  });
}

async function restarted(orderId: string, times = 1): Promise<void> {
  await eventually(`${orderId} is restarted`, async () => {
    const rows = await timelineOf(world.db.database, orderId);
    return rows.filter((row) => row.includes('WORKFLOW_RESTARTED')).length === times;
  });
  await world.delivered(orderId);
}

async function ledgerHasOne(orderId: string): Promise<void> {
  expect(await world.simulator.ledgerOf(orderId)).toHaveLength(1);
}

describe('an open order whose workflow was lost', () => {
  it('is restarted, and keeps waiting for the pharmacy that has it', async () => {
    const orderId = await world.place('pharmacy-manual');
    await world.reach(orderId, 'AWAITING_COMPLETION');
    await lose(orderId);
    await restarted(orderId);
    await world.simulator.control('POST', `orders/${orderId}/advance`, { to: 'completed' });
    await world.reach(orderId, 'COMPLETED');
    expect(await world.simulator.ledgerOf(orderId)).toMatchObject([{ asked: 1 }]);
    expect(await timelineOf(world.db.database, orderId)).toContain(
      'system WORKFLOW_RESTARTED WORKFLOW_GONE',
    );
  });

  it('is checked at the pharmacy immediately if the lost run had been signaled', async () => {
    const orderId = await world.place('pharmacy-manual');
    await world.reach(orderId, 'AWAITING_COMPLETION');
    await world.worker.stop();
    // The signal is lost with the run: nothing is left in the outbox.
    await world.simulator.control('POST', `orders/${orderId}/advance`, { to: 'completed' });
    await eventually('the webhook has come', async () => {
      const rows = await world.db.database`
        SELECT FROM orders WHERE id = ${orderId} AND completion_hints <> '{}'`;
      return rows.length === 1;
    });
    await world.db.database`DELETE FROM outbox WHERE order_id = ${orderId}`;
    await lose(orderId);
    world.worker = await startWorker(world.db.asWorker, {}, world.worker.taskQueue);
    // Without the hint, the first poll would come after a minute.
    await world.reach(orderId, 'COMPLETED');
    await ledgerHasOne(orderId);
  });

  it('is cancelled at the pharmacy if its cancellation was pending', async () => {
    const orderId = await world.place('pharmacy-manual');
    await world.reach(orderId, 'AWAITING_COMPLETION');
    await lose(orderId);
    // The outbox row fails until the order has a workflow again.
    await world.client.handle(orderId).cancel();
    await world.reach(orderId, 'CANCELLED');
    expect(await world.simulator.ledgerOf(orderId)).toMatchObject([{ status: 'cancelled' }]);
  });

  it('stays in NEEDS_ATTENTION until it is retried', async () => {
    const pharmacyId = `pharmacy-new-${randomUUID()}`;
    const orderId = await world.place(pharmacyId);
    await world.reach(orderId, 'NEEDS_ATTENTION');
    await copyPharmacy(world.db.database, { from: 'pharmacy-123', to: pharmacyId });
    await lose(orderId);
    await restarted(orderId);
    await eventually('the new run waits in NEEDS_ATTENTION', async () => {
      const { status, reasonCode } = await workflow(orderId).query(statusQuery);
      return status === 'NEEDS_ATTENTION' && reasonCode === 'PHARMACY_UNKNOWN';
    });
    expect((await world.client.get(orderId)).status).toBe('NEEDS_ATTENTION');
    await workflow(orderId).executeUpdate(retryUpdate.name);
    await world.reach(orderId, 'AWAITING_COMPLETION');
    await ledgerHasOne(orderId);
  });
});

it('leaves an order that has ended alone when its workflow was deleted', async () => {
  const [ended, open] = [await world.place('pharmacy-123'), await world.place('pharmacy-manual')];
  await world.reach(ended, 'COMPLETED');
  await world.ended(ended);
  await world.reach(open, 'AWAITING_COMPLETION');
  const before = await timelineOf(world.db.database, ended);
  await lose(ended);
  // A round that restarts the other order has seen this one, too.
  await lose(open);
  await restarted(open);
  expect(await timelineOf(world.db.database, ended)).toEqual(before);
});

describe('news about an order that has ended', () => {
  it('is followed up although its workflow was lost or terminated', async () => {
    const pharmacy = await startScriptedPharmacy(world.db.database);
    pharmacy.template = { status: 'completed', documents: [] };
    const orderIds = [await world.place(pharmacy.id), await world.place(pharmacy.id)] as const;
    for (const orderId of orderIds) await world.reach(orderId, 'COMPLETED');
    pharmacy.script('read', reply(503, {}));
    for (const orderId of orderIds) {
      pharmacy.order(orderId).documents = [listed('late')];
      await pharmacy.tell(world.app.url, 'order.completed', { reference: orderId });
      await world.delivered(orderId);
    }
    const [lost, terminated] = orderIds.map(orderNewsWorkflowId) as [string, string];
    await lose(orderIds[0], lost);
    await world.worker.client.workflow.getHandle(terminated).terminate('by the test');
    await eventually('both are queued again', async () => {
      const codes = reconciler.log.lines.flatMap(({ fields }) =>
        [lost, terminated].includes(fields.workflowId ?? '') ? [fields.code] : [],
      );
      return codes.includes('WORKFLOW_GONE') && codes.includes('WORKFLOW_TERMINATED');
    });
    pharmacy.script('read');
    for (const orderId of orderIds) {
      await eventually('the late document is stored', async () => {
        return (await world.client.get(orderId)).documents.length === 1;
      });
    }
    await eventually('no news is left', async () => {
      return (await world.db.database`SELECT FROM order_news`).length === 0;
    });
    await pharmacy.close();
  });
});

describe('a workflow that ended before its order', () => {
  it('is replaced by another', async () => {
    const orderId = await world.place('pharmacy-manual');
    await world.reach(orderId, 'AWAITING_COMPLETION');
    await workflow(orderId).terminate('by the test');
    await restarted(orderId);
    await world.simulator.control('POST', `orders/${orderId}/advance`, { to: 'completed' });
    await world.reach(orderId, 'COMPLETED');
    await ledgerHasOne(orderId);
    expect(await timelineOf(world.db.database, orderId)).toContain(
      'system WORKFLOW_RESTARTED WORKFLOW_TERMINATED',
    );
    expect(reconciler.log.lines.some(({ fields }) => fields.code === 'WORKFLOW_TERMINATED')).toBe(
      true,
    );
  });
});

describe('an open workflow', () => {
  const orphans = async () =>
    await world.db.database<{ workflowId: string; reasonCode: string }[]>`
      SELECT workflow_id, reason_code FROM orphan_workflows`;

  it('without an order is reported, not terminated, and forgotten after it has ended', {
    timeout: 60_000,
  }, async () => {
    const orderId = randomUUID();
    const workflowId = orderWorkflowId(orderId);
    await world.worker.client.workflow.start('order', {
      workflowId,
      taskQueue: world.worker.taskQueue,
      args: [{ orderId, pharmacyId: 'pharmacy-123' }],
    });
    await eventually('it is reported', async () => {
      const found = await orphans();
      return found.some((row) => row.workflowId === workflowId && row.reasonCode === 'NO_ORDER');
    });
    const { status } = await workflow(orderId).describe();
    expect(status.name).toBe('RUNNING');
    await workflow(orderId).terminate();
    await eventually('it is forgotten', async () => (await orphans()).length === 0);
  });

  it('whose order has ended is reported if it has not ended soon after', async () => {
    const orderId = await world.place('pharmacy-manual');
    await world.reach(orderId, 'AWAITING_COMPLETION');
    await world.db.database`
      UPDATE orders SET status = 'REJECTED', updated_at = now() - interval '1 hour'
      WHERE id = ${orderId}`;
    await eventually('it is reported', async () => {
      const found = await orphans();
      return found.some(
        (row) => row.workflowId === orderWorkflowId(orderId) && row.reasonCode === 'ORDER_ENDED',
      );
    });
    await workflow(orderId).terminate();
  });
});

it('matches a message to its order that could not be matched on arrival', async () => {
  const orderId = await world.place('pharmacy-manual');
  await world.reach(orderId, 'AWAITING_COMPLETION');
  const [row] = await world.db.database<{ pharmacyOrderId: string }[]>`
    SELECT pharmacy_order_id FROM orders WHERE id = ${orderId}`;
  const forget = (pharmacyOrderId: string | null) => world.db.database`
    UPDATE orders SET pharmacy_order_id = ${pharmacyOrderId} WHERE id = ${orderId}`;
  await forget(null);
  const message = {
    webhookId: randomUUID(),
    type: 'tracking_added',
    pharmacyOrderId: row?.pharmacyOrderId ?? '',
    shipment: { trackingId: 'late-1' },
  } as const;
  await receiveMessage(world.db.database, 'pharmacy-manual', message, TESTER);
  expect((await world.client.get(orderId)).shipments).toEqual([]);
  await forget(row?.pharmacyOrderId ?? null);
  await eventually('the shipment is known', async () => {
    return (await world.client.get(orderId)).shipments.some(
      ({ trackingId }) => trackingId === 'late-1',
    );
  });
});

it('runs in one process at a time, and another takes over when it dies', async () => {
  const second = openDatabase(world.db.url, 1);
  const [held] = await second<{ held: boolean }[]>`SELECT pg_try_advisory_lock(7261117) AS held`;
  await eventually('the first process is between two rounds', async () => {
    if (held?.held) return true;
    const [row] = await second<{ held: boolean }[]>`SELECT pg_try_advisory_lock(7261117) AS held`;
    return row?.held;
  });
  const lastRound = async () => {
    const [row] = await world.db.database<{ at: Date }[]>`
      SELECT last_round_at AS at FROM reconciliation`;
    return row?.at.getTime() ?? 0;
  };
  const before = await lastRound();
  await sleep(1_500); // several rounds
  expect(await lastRound()).toBe(before);
  await second.end(); // as when a worker is killed: its session ends
  await eventually('the first process continues', async () => (await lastRound()) > before);
});
