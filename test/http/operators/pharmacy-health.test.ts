import { afterAll, beforeAll, expect, it } from 'vitest';
import { readPharmacyCounts, readPharmacyHealth } from '../../../src/operators/pharmacy-health.ts';
import { startPharmacyActivity } from '../../../src/pharmacy/pharmacy-activity.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { createKeptLog } from '../../support/logs.ts';
import { createPharmacy } from '../../support/pharmacy.ts';

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
