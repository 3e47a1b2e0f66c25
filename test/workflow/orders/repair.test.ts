import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OrderNotFoundError, RepairRefusedError } from '../../../src/client.ts';
import { listWaitingOrders } from '../../../src/operators/attention-queue.ts';
import { readOrderForOperators } from '../../../src/operators/list-orders.ts';
import { cancelOrderAsOperator } from '../../../src/orders/repairs/cancel-by-operator.ts';
import { retryOrder } from '../../../src/orders/repairs/retry-order.ts';
import { orderWorkflowId, statusQuery } from '../../../src/workflows/order-messages.ts';
import { eventually } from '../../support/eventually.ts';
import { readable } from '../../support/readable.ts';
import { copyPharmacy, openedPharmacy } from '../../support/sealed-rows.ts';
import { timelineOf } from '../../support/timeline.ts';
import { createWorld, type World } from '../../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const WHO = { by: 'anna', reason: 'told by Jane Sample' };
const workflow = (orderId: string) =>
  world.worker.client.workflow.getHandle(orderWorkflowId(orderId));
const repairs = (orderId: string) => world.db.database`
  SELECT kind, requested_by, reason, pharmacy_order_id, applied_at IS NOT NULL AS applied
  FROM order_repairs WHERE order_id = ${orderId} ORDER BY requested_at`;
const events = async (orderId: string, part: string) =>
  (await world.history(orderId)).filter((event) => event.includes(part));

/** Creates an order for an unknown pharmacy, and then sets the pharmacy up as a copy of another one. */
async function stuck(like: string): Promise<{ orderId: string; pharmacyId: string }> {
  const pharmacyId = `pharmacy-new-${randomUUID()}`;
  const orderId = await world.place(pharmacyId);
  await world.reach(orderId, 'NEEDS_ATTENTION');
  await copyPharmacy(world.db.database, { from: like, to: pharmacyId });
  return { orderId, pharmacyId };
}

describe('a retry', () => {
  it('continues the order; who and why stay in Postgres', async () => {
    const { orderId } = await stuck('pharmacy-refuses');
    await world.client.handle(orderId).retry(WHO);
    await world.reach(orderId, 'REJECTED');
    await world.ended(orderId);
    expect(await repairs(orderId)).toEqual([
      {
        ...{ kind: 'retry', requestedBy: 'anna', reason: expect.stringMatching(/^v1\./) },
        ...{ pharmacyOrderId: null, applied: true },
      },
    ]);
    const { activity } = await readOrderForOperators(world.db.database, orderId);
    expect(activity).toContainEqual(
      expect.objectContaining({ event: 'REPAIR_RETRY', by: 'claimed:anna', why: WHO.reason }),
    );
    expect(await timelineOf(world.db.database, orderId)).toContain('operator REPAIR_RETRY');
    const recorded = await world.db.database`
      SELECT actor_kind, actor, case_id, result FROM audit_log
      WHERE order_id = ${orderId} AND action = 'ORDER_RETRIED'`;
    expect(recorded).toEqual([
      {
        ...{ actorKind: 'operator', actor: 'claimed:anna', result: 'OK' },
        caseId: world.organization.caseId,
      },
    ]);
    const history = await readable(await workflow(orderId).fetchHistory());
    expect(history).toContain('repairId');
    expect(history).not.toMatch(/anna|Jane/);
  });

  it('of a version happens once, and not after the order has changed', async () => {
    const orderId = await world.place('pharmacy-nobody-knows');
    await world.reach(orderId, 'NEEDS_ATTENTION');
    const { database } = world.db;
    const versionOf = async () => {
      const [order] = await listWaitingOrders(database, { orderId, limit: 1 });
      return order?.version;
    };
    const version = await versionOf();
    const temporal = world.worker.client;
    const retry = () =>
      retryOrder({ database, temporal }, orderId, { ...WHO, version }).catch(
        (error: RepairRefusedError) => error.code,
      );
    const results = await Promise.all([retry(), retry(), retry()]);
    expect(results.filter((code) => code === undefined)).toHaveLength(1);
    await eventually('it needs attention again', async () => {
      const now = await versionOf();
      return now !== undefined && now !== version;
    });
    expect(await retry()).toBe('ORDER_CHANGED');
    expect(await repairs(orderId)).toHaveLength(1);
  });

  it('works from the Temporal UI, with or without a name, which counts as claimed', async () => {
    const orderId = await world.place('pharmacy-corrupt');
    await world.reach(orderId, 'NEEDS_ATTENTION');
    for (const request of [undefined, { by: 'ben' }]) {
      await eventually('it needs attention', async () => {
        const { status } = await workflow(orderId).query(statusQuery);
        return status === 'NEEDS_ATTENTION';
      });
      await (request === undefined
        ? workflow(orderId).executeUpdate('retry')
        : workflow(orderId).executeUpdate('retry', { args: [request] }));
      await world.reach(orderId, 'FETCHING_DOCUMENTS');
    }
    const who = (await repairs(orderId)).map(({ requestedBy }) => requestedBy as string);
    expect(who).toEqual(['temporal-ui', 'ben']);
    const recorded = await world.db.database`
      SELECT actor FROM audit_log WHERE order_id = ${orderId} AND action = 'ORDER_RETRIED' ORDER BY id`;
    expect(recorded).toEqual([{ actor: 'temporal-ui' }, { actor: 'claimed:ben' }]);
    const { activity } = await readOrderForOperators(world.db.database, orderId);
    const shown = activity.filter(({ event }) => event === 'REPAIR_RETRY').map(({ by }) => by);
    expect(shown).toEqual(['temporal-ui', 'claimed:ben']);
  });

  it('is rejected without an event in any other status, and with a malformed input', async () => {
    const { orderId } = await stuck('pharmacy-123');
    const open = await world.place('pharmacy-manual');
    await world.reach(open, 'AWAITING_COMPLETION');
    await eventually('the workflows are idle', async () => {
      const before = await events(open, 'workflowTaskCompleted');
      return before.length >= 2;
    });
    const cases: [string, unknown, RegExp][] = [
      [open, {}, /the order is AWAITING_COMPLETION/],
      [orderId, 'anna', /must be empty or an object/],
      [orderId, { by: 'Jane Sample' }, /by must be/],
      [orderId, { why: 'words' }, /may only contain/],
      [orderId, { pharmacyOrderId: '' }, /pharmacyOrderId must be/],
      [orderId, { repairId: randomUUID(), by: 'anna' }, /repairId excludes all other fields/],
    ];
    for (const [id, input, message] of cases) {
      const error: unknown = await workflow(id)
        .executeUpdate('retry', { args: [input] })
        .catch((cause: unknown) => cause);
      expect((error as Error).cause).toMatchObject({ message: expect.stringMatching(message) });
    }
    expect(await events(orderId, 'Update')).toEqual([]);
    expect(await events(open, 'Update')).toEqual([]);
    await expect(world.client.handle(open).retry(WHO)).rejects.toMatchObject({
      name: 'RepairRefusedError',
      code: 'WRONG_STATUS',
    });
    expect(await repairs(open)).toEqual([]);
    await expect(world.client.handle(randomUUID()).retry(WHO)).rejects.toThrow(OrderNotFoundError);
  });
});

describe('a corrected pharmacy order id', () => {
  it('is adopted if the pharmacy’s order is ours, and no order is placed', async () => {
    const { orderId, pharmacyId } = await stuck('pharmacy-manual');
    const pharmacy = await openedPharmacy(world.db.database, pharmacyId);
    // Placed by telephone, under our reference.
    const answer = await fetch(`${pharmacy?.baseUrl}/orders`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'idempotency-key': randomUUID(),
        authorization: `Bearer ${pharmacy?.token}`,
      },
      body: JSON.stringify({
        reference: orderId,
        prescription: {},
        shippingAddress: {},
        patient: {},
      }),
    });
    const { id } = (await answer.json()) as { id: string };
    expect(answer.status).toBe(201);
    await world.client.handle(orderId).retry({ ...WHO, pharmacyOrderId: id });
    await world.reach(orderId, 'AWAITING_COMPLETION');
    expect(await world.simulator.ledgerOf(orderId)).toHaveLength(1);
    const [row] = await world.db.database`
      SELECT pharmacy_order_id, sent_at FROM orders WHERE id = ${orderId}`;
    expect(row).toMatchObject({ pharmacyOrderId: id, sentAt: expect.any(Date) });
  });

  it('of another order is refused, or the order needs attention', async () => {
    const other = await world.place('pharmacy-manual');
    await world.reach(other, 'AWAITING_COMPLETION');
    const [row] = await world.db.database<{ id: string }[]>`
      SELECT pharmacy_order_id AS id FROM orders WHERE id = ${other}`;
    const id = row?.id ?? '';
    // Our database knows the other order: two orders never share a pharmacy order id.
    const { orderId, pharmacyId } = await stuck('pharmacy-manual');
    await world.db.database`UPDATE orders SET pharmacy_id = ${pharmacyId} WHERE id = ${other}`;
    await expect(
      world.client.handle(orderId).retry({ ...WHO, pharmacyOrderId: id }),
    ).rejects.toMatchObject({ code: 'PHARMACY_ORDER_TAKEN' });
    expect(await repairs(orderId)).toEqual([]);
    expect((await world.client.get(orderId)).status).toBe('NEEDS_ATTENTION');
    // Only the pharmacy knows it.
    await world.db.database`UPDATE orders SET pharmacy_id = 'pharmacy-manual' WHERE id = ${other}`;
    await world.client.handle(orderId).retry({ ...WHO, pharmacyOrderId: id });
    await eventually('it needs attention again', async () => {
      const { reasonCode } = await world.client.get(orderId);
      return reasonCode === 'PHARMACY_OTHER_REFERENCE';
    });
    expect(await world.simulator.ledgerOf(orderId)).toHaveLength(0);
    const [after] = await world.db.database`
      SELECT pharmacy_order_id FROM orders WHERE id = ${orderId}`;
    expect(after).toEqual({ pharmacyOrderId: null });
    // The other patient's order is not cancelled; ours is, once it is placed.
    await cancelOrderAsOperator(world.db.database, orderId, WHO);
    await world.reach(orderId, 'CANCELLED');
    expect((await world.client.get(other)).status).toBe('AWAITING_COMPLETION');
  });
});

describe('a cancellation by an operator', () => {
  it('from the Temporal UI ends the order at the pharmacy', async () => {
    const orderId = await world.place('pharmacy-manual');
    await world.reach(orderId, 'AWAITING_COMPLETION');
    await workflow(orderId).executeUpdate('cancel', { args: [{ by: 'anna' }] });
    await world.reach(orderId, 'CANCELLED');
    await world.ended(orderId);
    const timeline = await timelineOf(world.db.database, orderId);
    expect(timeline).toContain('operator REPAIR_CANCEL');
    expect(timeline).toContain('operator STATUS_CHANGED CANCELLED');
    await expect(cancelOrderAsOperator(world.db.database, orderId, WHO)).rejects.toThrow(
      RepairRefusedError,
    );
  });

  it('immediately ends an order in NEEDS_ATTENTION that was never sent', async () => {
    const orderId = await world.place(`pharmacy-nobody-${randomUUID()}`);
    await world.reach(orderId, 'NEEDS_ATTENTION');
    await cancelOrderAsOperator(world.db.database, orderId, WHO);
    const order = await world.client.get(orderId);
    expect(order).toMatchObject({ status: 'CANCELLED', reason: WHO.reason });
    await world.ended(orderId);
    await expect(
      retryOrder({ database: world.db.database, temporal: world.worker.client }, orderId, WHO),
    ).rejects.toMatchObject({ code: 'WRONG_STATUS' });
  });
});
