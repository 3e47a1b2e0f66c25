import { afterAll, beforeAll, expect, it } from 'vitest';
import { urlOfRole } from '../../../sandbox/database-url.ts';
import { leaseRows } from '../../../src/engine/outbox.ts';
import { type Database, openDatabase } from '../../../src/storage/database.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

const ORGANIZATIONS = 100;
/** One lease considers 32 organizations. */
const ROUNDS = Math.ceil(ORGANIZATIONS / 32);

let db: TestDatabase;
let worker: Database;
beforeAll(async () => {
  db = await createTestDatabase();
  worker = openDatabase(urlOfRole(db.url, 'worker'), 1);
  const { database } = db;
  await database`
    INSERT INTO organizations (id, name) SELECT gen_random_uuid(), 'a clinic' FROM generate_series(1, ${ORGANIZATIONS})`;
  await database`
    INSERT INTO cases (id, organization_id, patient, data_key)
    SELECT gen_random_uuid(), id, 'sealed', 'sealed' FROM organizations`;
  await database`
    INSERT INTO orders (id, organization_id, case_id, pharmacy_id, status, fingerprint)
    SELECT gen_random_uuid(), organization_id, id, 'a-pharmacy', 'ACCEPTED', ''
    FROM cases, generate_series(1, 50)`;
  // Otherwise the checks of the foreign keys may be planned as for empty tables.
  await database`ANALYZE`;
  await database`
    INSERT INTO outbox (order_id, organization_id, kind)
    SELECT id, organization_id, kind FROM orders, unnest(ARRAY['start', 'cancel']) AS kind`;
  await database`ANALYZE`;
});
afterAll(async () => {
  await worker.end();
  await db.drop();
});

const sequentialScans = async () => {
  await worker`SELECT pg_stat_force_next_flush()`;
  return await worker<{ relname: string; scans: string }[]>`
    SELECT relname, seq_scan AS scans FROM pg_stat_user_tables
    WHERE relname IN ('outbox', 'orders') ORDER BY relname`;
};

it('reads neither the outbox nor the orders sequentially', async () => {
  const before = await sequentialScans();
  // More than the five executions after which Postgres may choose another plan.
  for (let n = 0; n < 12; n += 1) {
    expect((await leaseRows(worker, 'starts', 4, 0)).rows).toHaveLength(4);
    expect((await leaseRows(worker, 'others', 4, 0)).rows).toHaveLength(0);
  }
  expect(await sequentialScans()).toEqual(before);
});

it('gives every organization a turn, however many have rows', async () => {
  const served = new Set<string>();
  let after: string | undefined;
  for (let n = 0; n < ROUNDS + 1; n += 1) {
    const options = after === undefined ? { mostOfOne: 1 } : { mostOfOne: 1, after };
    const { rows, more, last } = await leaseRows(worker, 'starts', 32, 60_000, options);
    for (const { organizationId } of rows) served.add(organizationId);
    expect(more).toBe(true);
    after = last;
  }
  expect(served.size).toBe(ORGANIZATIONS);
});
