import { afterAll, beforeAll, expect, it } from 'vitest';
import { readPharmacyCounts, readPharmacyHealth } from '../../../src/operators/pharmacy-health.ts';
import { acceptOrder } from '../../../src/orders/accept-order.ts';
import { startPharmacyActivity } from '../../../src/pharmacy/pharmacy-activity.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { createKeptLog } from '../../support/logs.ts';
import { createOrganization, HASH_SECRET, TESTER } from '../../support/organization.ts';
import { createPharmacy } from '../../support/pharmacy.ts';
import { exampleWithoutKey } from '../../support/test-api.ts';

// What processes count about a pharmacy, and what operators read of it.

let test: TestDatabase;

beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.drop());

it('adds the counts of all processes', async () => {
  const { database, asServer } = test;
  const { id } = await createPharmacy(database);
  const processes = [
    startPharmacyActivity(asServer, createKeptLog()),
    startPharmacyActivity(asServer, createKeptLog()),
  ];
  for (const { note } of processes) {
    note(id, 'place', 'ok', 100);
    note(id, 'place', 'ORDER_REFUSED', 300);
    note(id, 'get', 'PHARMACY_TIMEOUT', 800);
    note(id, 'webhook', 'ok');
    note(id, 'webhook', 'SIGNATURE_WRONG');
    // Nobody has set it up, so it gets no row.
    note('invented', 'webhook', 'SIGNATURE_WRONG');
  }
  await Promise.all(processes.map(({ stop }) => stop()));

  const health = (await readPharmacyHealth(database))(id);
  expect(health).toMatchObject({ calls: 6, succeeded: 4, meanMs: 400 });
  expect(health).toMatchObject({ webhooks: 4, refusedWebhooks: 2 });
  expect(health.lastWebhookAt).toBeInstanceOf(Date);
  const counts = await readPharmacyCounts(database, id);
  expect(counts.map(({ kind, code, count }) => [kind, code, count])).toEqual([
    ['get', 'PHARMACY_TIMEOUT', 2],
    ['place', 'ORDER_REFUSED', 2],
    ['place', 'ok', 2],
    ['webhook', 'SIGNATURE_WRONG', 2],
    ['webhook', 'ok', 2],
  ]);
  expect(await database`SELECT FROM pharmacy_activity WHERE pharmacy_id = 'invented'`).toEqual([]);
});

it('counts the open orders of each pharmacy', async () => {
  const { database } = test;
  const [busy, idle] = [await createPharmacy(database), await createPharmacy(database)];
  const organization = await createOrganization(database);
  const { order } = exampleWithoutKey();
  for (const status of ['PLACING', 'NEEDS_ATTENTION', 'COMPLETED']) {
    const request = { action: 'PLACE_ORDER', order: { ...order, pharmacyId: busy.id } } as const;
    const acceptance = { ...organization, by: TESTER, request };
    const { orderId } = await acceptOrder(database, HASH_SECRET, acceptance);
    await database`UPDATE orders SET status = ${status} WHERE id = ${orderId}`;
  }

  const healthOf = await readPharmacyHealth(database);
  expect(healthOf(busy.id)).toMatchObject({ openOrders: 2, needAttention: 1 });
  expect(healthOf(idle.id)).toMatchObject({ openOrders: 0, needAttention: 0 });
});

it('deletes hours that are older than the days that are kept', async () => {
  const { database, asServer } = test;
  const { id } = await createPharmacy(database);
  await database`
    INSERT INTO pharmacy_activity SELECT ${id}, now() - age, 'webhook', 'ok', 1, 0, now() - age
    FROM unnest(ARRAY['9 days', '7 days']::interval[]) AS given (age)`;
  const process = startPharmacyActivity(asServer, createKeptLog());
  process.note(id, 'get', 'ok', 5);
  await process.stop();
  const rows = await database`SELECT FROM pharmacy_activity WHERE pharmacy_id = ${id}`;
  expect(rows).toHaveLength(2);
  const health = (await readPharmacyHealth(database))(id);
  expect(health).toMatchObject({ calls: 1, webhooks: 0 });
});
