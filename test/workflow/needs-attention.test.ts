import { WorkflowUpdateFailedError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { putCase } from '../../src/cases/put-case.ts';
import { restrictPharmacy } from '../../src/pharmacy/registry.ts';
import { orderWorkflowId, retryUpdate, statusQuery } from '../../src/workflows/order-messages.ts';
import { eventually } from '../support/eventually.ts';
import { HASH_SECRET, PATIENT_ADDRESS, TESTER } from '../support/organization.ts';
import { changePrescription, copyPharmacy, openedOrder } from '../support/sealed-rows.ts';
import { startWorker } from '../support/worker.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const workflow = (orderId: string) =>
  world.worker.client.workflow.getHandle(orderWorkflowId(orderId));

/** Retries the order, once the workflow has followed the status in Postgres. */
async function retry(orderId: string): Promise<void> {
  await eventually('the workflow needs attention', async () => {
    const { status } = await workflow(orderId).query(statusQuery);
    return status === 'NEEDS_ATTENTION';
  });
  await workflow(orderId).executeUpdate(retryUpdate.name);
}

describe('an order that fails validation', () => {
  it('waits for an unknown pharmacy, and continues after the update "retry"', async () => {
    const pharmacyId = `pharmacy-new-${Date.now()}`;
    const orderId = await world.place(pharmacyId);
    const order = await world.reach(orderId, 'NEEDS_ATTENTION');
    expect(order.reasonCode).toBe('PHARMACY_UNKNOWN');
    await copyPharmacy(world.db.database, { from: 'pharmacy-refuses', to: pharmacyId });
    await retry(orderId);
    await world.reach(orderId, 'REJECTED');
  });

  it.each([
    ['dateWritten', '2024-02-02'],
    ['datePrescribed', '2024-02-02T10:00:00Z'],
  ] as const)(
    'accepted by an earlier version needs attention if %s is after dateSigned',
    async (field, date) => {
      const dates = { dateWritten: '2024-01-01', dateSigned: '2024-01-31', [field]: date };
      await expect(
        world.place('pharmacy-123', (order) => Object.assign(order, dates)),
      ).rejects.toThrow(`${field} must not be after dateSigned`);
      await world.worker.stop();
      const orderId = await world.place('pharmacy-123');
      await changePrescription(world.db.database, orderId, dates);
      world.worker = await startWorker(world.db.asWorker);
      const order = await world.reach(orderId, 'NEEDS_ATTENTION');
      expect(order.reasonCode).toBe('DATES_INCONSISTENT');
      expect(order.reason).toContain(field);
      expect(await world.simulator.ledgerOf(orderId)).toHaveLength(0);
    },
  );

  it('is placed with dates that are the same instant in two zones', async () => {
    const orderId = await world.place('pharmacy-123', (order) => {
      Object.assign(order, {
        dateWritten: '2024-01-16T00:30:00Z',
        dateSigned: '2024-01-15T16:30:00-0800',
        datePrescribed: '2024-01-16',
      });
    });
    await world.reach(orderId, 'COMPLETED');
  });

  it('waits for access to a restricted pharmacy, and continues after the update "retry"', async () => {
    const { database } = world.db;
    const pharmacyId = `pharmacy-private-${Date.now()}`;
    await copyPharmacy(database, { from: 'pharmacy-refuses', to: pharmacyId });
    await restrictPharmacy(database, pharmacyId, []);
    const orderId = await world.place(pharmacyId);
    const order = await world.reach(orderId, 'NEEDS_ATTENTION');
    expect(order.reasonCode).toBe('PHARMACY_NOT_PERMITTED');
    expect(await world.simulator.ledgerOf(orderId)).toHaveLength(0);
    await restrictPharmacy(database, pharmacyId, [world.organization.organizationId]);
    await retry(orderId);
    await world.reach(orderId, 'REJECTED');
  });

  it('needs attention if the pharmacy is inactive', async () => {
    await world.db.database`UPDATE pharmacies SET active = false WHERE id = 'pharmacy-slow'`;
    const order = await world.reach(await world.place('pharmacy-slow'), 'NEEDS_ATTENTION');
    expect(order.reasonCode).toBe('PHARMACY_INACTIVE');
  });
});

it('shows the new reason when a retry fails for another one', async () => {
  const pharmacyId = `pharmacy-off-${crypto.randomUUID()}`;
  const orderId = await world.place(pharmacyId);
  await world.reach(orderId, 'NEEDS_ATTENTION');
  const pair = { from: 'pharmacy-refuses', to: pharmacyId };
  await copyPharmacy(world.db.database, pair, { active: false });
  await retry(orderId);
  await eventually('the new reason is shown', async () => {
    const { reasonCode } = await workflow(orderId).query(statusQuery);
    return reasonCode === 'PHARMACY_INACTIVE';
  });
  expect((await world.client.get(orderId)).reasonCode).toBe('PHARMACY_INACTIVE');
});

it('rejects the update "retry" in any other status, without an event', async () => {
  const orderId = await world.place('pharmacy-manual');
  await world.reach(orderId, 'AWAITING_COMPLETION');
  const before = await world.history(orderId);
  await expect(workflow(orderId).executeUpdate(retryUpdate.name)).rejects.toThrow(
    WorkflowUpdateFailedError,
  );
  const added = (await world.history(orderId)).slice(before.length);
  expect(added.filter((event) => event.includes('Update'))).toEqual([]);
});

it('needs attention again when the document still does not match', {
  timeout: 60_000,
}, async () => {
  const orderId = await world.place('pharmacy-corrupt');
  const first = await world.reach(orderId, 'NEEDS_ATTENTION');
  await retry(orderId);
  await world.reach(orderId, 'FETCHING_DOCUMENTS');
  const second = await world.reach(orderId, 'NEEDS_ATTENTION');
  expect(second.updatedAt > first.updatedAt).toBe(true);
  expect(await world.simulator.ledgerOf(orderId)).toHaveLength(1);
});

it('keeps the address that validation stored when the case changes', async () => {
  const orderId = await world.place('pharmacy-manual', (order) => {
    delete (order as { shippingAddress?: unknown }).shippingAddress;
  });
  await world.reach(orderId, 'AWAITING_COMPLETION');
  const { organizationId, caseId } = world.organization;
  const patient = { firstName: 'Jane', lastName: 'Sample' };
  const address = { ...PATIENT_ADDRESS, city: 'Elsewhere' };
  const key = { organizationId, caseId };
  await putCase(world.db.database, HASH_SECRET, key, { ...patient, address }, TESTER);
  const { shippingAddress } = await openedOrder(world.db.database, orderId);
  expect(shippingAddress).toEqual(PATIENT_ADDRESS);
});
