import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  InvalidOrderError,
  OrderNotCancellableError,
  OrderNotFoundError,
  type OrderStatus,
} from '../../src/client.ts';
import { CaseNotPermittedError } from '../../src/orders/order-errors.ts';
import { createOrderService } from '../../src/orders/order-service.ts';
import { orderWorkflowId } from '../../src/workflows/order-messages.ts';
import { ROOMY } from '../support/app.ts';
import { createKeptLog } from '../support/logs.ts';
import { createOrganization, HASH_SECRET, TESTER } from '../support/organization.ts';
import { copyPharmacy } from '../support/sealed-rows.ts';
import { cancelRowsOf } from '../support/timeline.ts';
import { startWorker } from '../support/worker.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const workflow = (orderId: string) =>
  world.worker.client.workflow.getHandle(orderWorkflowId(orderId));

const signals = async (orderId: string) =>
  (await world.history(orderId)).filter((event) => event.includes('Signaled')).length;

/** Copies `pharmacy-manual` under another id, with its own completion limit. */
async function addPharmacyWithLimit(completionLimitMs: number): Promise<string> {
  const id = `pharmacy-${crypto.randomUUID()}`;
  await copyPharmacy(world.db.database, { from: 'pharmacy-manual', to: id }, { completionLimitMs });
  return id;
}

describe('an order that was never sent', () => {
  it('is cancelled immediately; the pharmacy never sees it', async () => {
    await world.worker.stop();
    const orderId = await world.place('pharmacy-123');
    await world.client.handle(orderId).cancel('the patient moved');
    expect(await world.client.get(orderId)).toMatchObject({
      status: 'CANCELLED',
      reasonCode: 'CANCEL_REQUESTED',
      reason: 'the patient moved',
    });
    world.worker = await startWorker(world.db.asWorker);
    await world.ended(orderId);
    expect(await workflow(orderId).result()).toMatchObject({ status: 'CANCELLED' });
    expect(await world.simulator.ledgerOf(orderId)).toHaveLength(0);
  });

  it('is cancelled immediately in NEEDS_ATTENTION, and its workflow ends', async () => {
    const orderId = await world.place('pharmacy-nobody-knows');
    await world.reach(orderId, 'NEEDS_ATTENTION');
    await world.client.handle(orderId).cancel();
    expect(await world.client.handle(orderId).status()).toBe('CANCELLED');
    expect(await workflow(orderId).result()).toMatchObject({ status: 'CANCELLED' });
  });

  it('is cancelled before it is sent, or at the pharmacy, when both happen at once', async () => {
    const rounds = Array.from({ length: 20 }, async () => {
      const orderId = await world.place('pharmacy-manual');
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
      await world.client.handle(orderId).cancel();
      await world.reach(orderId, 'CANCELLED');
      await world.ended(orderId);
      const there = await world.simulator.ledgerOf(orderId);
      expect(there.map(({ status }) => status)).toEqual(there.length === 0 ? [] : ['cancelled']);
    });
    await Promise.all(rounds);
  });
});

describe('a repeated request', () => {
  it('changes nothing while one is pending: one signal, one row', async () => {
    const orderId = await world.place('pharmacy-down');
    await world.reach(orderId, 'PLACING');
    const handle = world.client.handle(orderId);
    await handle.cancel('first');
    await handle.cancel('second');
    const patch = { up: true, outcome: null };
    await world.simulator.control('POST', 'pharmacies/pharmacy-down', patch);
    const order = await world.reach(orderId, 'CANCELLED');
    expect(order.reason).toBe('first');
    await world.ended(orderId);
    expect(await cancelRowsOf(world.db.database, orderId)).toEqual([
      'api CANCEL_REQUESTED',
      'api STATUS_CHANGED CANCELLED',
    ]);
    await world.simulator.control('POST', 'pharmacies/pharmacy-down', { up: false });
  });

  it('counts once when twenty come at once', async () => {
    const orderId = await world.place('pharmacy-down');
    await world.reach(orderId, 'PLACING');
    const handle = world.client.handle(orderId);
    await Promise.all(Array.from({ length: 20 }, () => handle.cancel()));
    const rows = await cancelRowsOf(world.db.database, orderId);
    expect(rows).toEqual(['api CANCEL_REQUESTED']);
    await world.delivered(orderId);
    expect(await signals(orderId)).toBe(1);
  });

  it('cancels an unsent order once when twenty come at once', async () => {
    const orderId = await world.place('pharmacy-nobody-knows');
    await world.reach(orderId, 'NEEDS_ATTENTION');
    const handle = world.client.handle(orderId);
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => handle.cancel()));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await cancelRowsOf(world.db.database, orderId)).toEqual([
      'api STATUS_CHANGED CANCELLED',
    ]);
  });
});

it.each<[OrderStatus, () => Promise<string>]>([
  ['COMPLETED', () => world.place('pharmacy-123')],
  ['REJECTED', () => world.place('pharmacy-refuses')],
  ['EXPIRED', async () => world.place(await addPharmacyWithLimit(500))],
  [
    'CANCELLED',
    async () => {
      const orderId = await world.place('pharmacy-nobody-knows');
      await world.client.handle(orderId).cancel();
      return orderId;
    },
  ],
])('refuses an order that is %s, and leaves it unchanged', async (status, bringThere) => {
  const orderId = await bringThere();
  const before = await world.reach(orderId, status);
  const cancelling = world.client.handle(orderId).cancel('too late');
  await expect(cancelling).rejects.toMatchObject({ constructor: OrderNotCancellableError, status });
  expect(await world.client.get(orderId)).toEqual(before);
});

describe('the owner of the order', () => {
  const service = () =>
    createOrderService(world.db.database, { hashSecret: HASH_SECRET, ...ROOMY }, createKeptLog());
  const by = { actor: 'api' } as const;

  it('does not find an unknown order', async () => {
    for (const orderId of [crypto.randomUUID(), 'no-uuid', 'nul\0']) {
      const { organizationId, caseId } = world.organization;
      const cancelling = service().cancel({ organizationId, caseId, orderId }, by, TESTER);
      await expect(cancelling).rejects.toThrow(OrderNotFoundError);
    }
    const handle = world.client.handle(crypto.randomUUID());
    await expect(handle.cancel()).rejects.toThrow(OrderNotFoundError);
  });

  it('does not find an order in another case of the organization', async () => {
    const orderId = await world.place('pharmacy-nobody-knows');
    const { organizationId, caseWithoutAddress: caseId } = world.organization;
    const cancelling = service().cancel({ organizationId, caseId, orderId }, by, TESTER);
    await expect(cancelling).rejects.toThrow(OrderNotFoundError);
  });

  it('does not permit a case of another organization, whatever the order', async () => {
    const stranger = await createOrganization(world.db.database);
    const { organizationId } = stranger;
    const ours = await world.place('pharmacy-nobody-knows');
    const { caseId } = world.organization;
    for (const orderId of [ours, crypto.randomUUID()]) {
      const cancelling = service().cancel({ organizationId, caseId, orderId }, by, TESTER);
      await expect(cancelling).rejects.toThrow(CaseNotPermittedError);
    }
    const own = service().cancel({ ...stranger, orderId: ours }, by, TESTER);
    await expect(own).rejects.toThrow(OrderNotFoundError);
    expect(await world.client.handle(ours).status()).not.toBe('CANCELLED');
  });

  it('cancels an order of the organization and case', async () => {
    const orderId = await world.place('pharmacy-nobody-knows');
    await service().cancel({ ...world.organization, orderId }, by, TESTER);
    expect(await world.client.handle(orderId).status()).toBe('CANCELLED');
  });
});

it('refuses a reason that breaks its rule, and stores nothing', async () => {
  const orderId = await world.place('pharmacy-nobody-knows');
  await world.reach(orderId, 'NEEDS_ATTENTION');
  for (const reason of ['x'.repeat(1_001), 'nul\0']) {
    const cancelling = world.client.handle(orderId).cancel(reason);
    await expect(cancelling).rejects.toThrow(InvalidOrderError);
  }
  expect(await cancelRowsOf(world.db.database, orderId)).toEqual([]);
});

it('is not ended by a cancel request from the Temporal UI', async () => {
  const orderId = await world.place('pharmacy-manual');
  await world.reach(orderId, 'AWAITING_COMPLETION');
  await workflow(orderId).cancel();
  await world.simulator.control('POST', `orders/${orderId}/advance`, { to: 'completed' });
  await world.reach(orderId, 'COMPLETED');
});
