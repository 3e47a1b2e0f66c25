import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { urlOfRole } from '../../../sandbox/database-url.ts';
import { putCase } from '../../../src/cases/put-case.ts';
import { receiveMessage } from '../../../src/orders/inbox.ts';
import { type Database, openDatabase, type Sql } from '../../../src/storage/database.ts';
import { forOrganization, forPharmacy } from '../../../src/storage/row-level-security.ts';
import {
  createKey,
  createOrganization,
  HASH_SECRET,
  TESTER,
  type TestOrganization,
} from '../../support/organization.ts';
import { createPharmacy, type TestPharmacy } from '../../support/pharmacy.ts';
import { insertDocument } from '../../support/sealed-rows.ts';
import { storeDelivery } from '../../support/stored-delivery.ts';
import { exampleWithoutKey, startTestApi, type TestApi } from '../../support/test-api.ts';

/** `insufficient_privilege`: a missing grant, or a row that a policy does not allow (appendix A). */
const REFUSED = { code: '42501' };

/** Tables whose rows belong to no organization, or reveal nothing without the encryption keys. */
const WITHOUT_POLICIES = [
  'access_reasons', // operators only, encrypted
  'api_keys', // hashes; the server finds the caller's organization with them
  'audit_archives',
  'audit_head',
  'audit_seals',
  'console_logins', // hashes, operators only
  'console_sessions', // hashes, operators only
  'data_keys', // wrapped
  'epochs',
  'imported_cases', // operators only; empty outside an import
  'organizations',
  'orphan_workflows',
  'outbox', // ids of orders
  'pharmacies',
  'pharmacy_activity', // counts by pharmacy
  'pruning', // names of tables
  'rate_buckets',
  'reconciliation',
  'schema_migrations',
];

let api: TestApi;
let other: TestOrganization;
let pharmacy: TestPharmacy;
let worker: Database;
let operator: Database;
let protectedTables: string[];
const orders = new Map<string, string>();

/** Creates an order with a row in every table that refers to orders. */
async function orderOf({ organizationId, caseId, apiKey }: TestOrganization): Promise<void> {
  const { database } = api;
  const { order } = exampleWithoutKey();
  const answer = await api.place(
    { action: 'PLACE_ORDER', order: { ...order, pharmacyId: pharmacy.id } },
    { caseId, headers: { 'cv-api-key': apiKey } },
  );
  const orderId = answer.json.data.order.id as string;
  orders.set(organizationId, orderId);
  const id = randomUUID();
  const file = { name: 'label.pdf', size: 1, sha256: '0'.repeat(64), storageKey: id };
  await insertDocument(database, orderId, { id, ...file });
  const message = { type: 'tracking_added', reference: orderId } as const;
  const shipment = { trackingId: `track-${orderId}` };
  const tracking = { ...message, webhookId: randomUUID(), shipment };
  await receiveMessage(database, pharmacy.id, tracking, TESTER);
  await storeDelivery(database, organizationId, {
    url: `https://hooks.example.com/${organizationId}`,
    orderId,
  });
  await database`
    INSERT INTO pharmacy_access (pharmacy_id, organization_id)
    VALUES (${pharmacy.id}, ${organizationId})`;
  await database`
    INSERT INTO pruned_events (organization_id, event, transaction_id, position)
    VALUES (${organizationId}, 'ORDER_CREATED', '0', 0)`;
  await database`INSERT INTO order_news (order_id) VALUES (${orderId})`;
  await database`
    INSERT INTO order_repairs (id, order_id, kind, requested_by)
    VALUES (${randomUUID()}, ${orderId}, 'retry', 'ada')`;
}

beforeAll(async () => {
  api = await startTestApi();
  other = await createOrganization(api.database);
  pharmacy = await createPharmacy(api.database);
  for (const each of [api.organization, other]) await orderOf(each);
  worker = openDatabase(urlOfRole(api.databaseUrl, 'worker'), 1);
  operator = openDatabase(urlOfRole(api.databaseUrl, 'operator'), 1);
  const rows = await api.database<{ name: string }[]>`
    SELECT relname AS name FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relrowsecurity`;
  protectedTables = rows.map(({ name }) => name).sort();
});
afterAll(async () => {
  await Promise.all([worker.end(), operator.end()]);
  await api.close();
});

/** The tables with policies that the server may read at all. */
const readableTables = () => protectedTables.filter((each) => each !== 'audit_log');

/** Counts the rows that a statement without any filter finds. */
async function countAll(sql: Sql, table: string): Promise<number> {
  const [row] = await sql<{ count: number }[]>`SELECT count(*)::int AS count FROM ${sql(table)}`;
  return row!.count;
}

describe('row-level security', () => {
  it('is enabled for every table except those that need none', async () => {
    const rows = await api.database<{ name: string }[]>`
      SELECT relname AS name FROM pg_class
      WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`;
    const open = rows.map(({ name }) => name).filter((name) => !protectedTables.includes(name));
    expect(open.sort()).toEqual(WITHOUT_POLICIES);
  });

  it('limits a statement without a filter to the rows of one organization', async () => {
    // The inbox belongs to pharmacies; a test below covers it.
    for (const table of readableTables().filter((each) => each !== 'inbox')) {
      const [ours, theirs] = await Promise.all(
        [api.organization, other].map(({ organizationId }) =>
          forOrganization(api.asServer, organizationId, (sql) => countAll(sql, table)),
        ),
      );
      expect(ours, table).toBeGreaterThan(0);
      expect(ours! + theirs!, table).toBe(await countAll(api.database, table));
    }
    const seen = await forOrganization(
      api.asServer,
      other.organizationId,
      (sql) => sql<{ organizationId: string }[]>`SELECT DISTINCT organization_id FROM orders`,
    );
    expect(seen.map((row) => row.organizationId)).toEqual([other.organizationId]);
  });

  it('shows nothing to a transaction without an organization', async () => {
    for (const table of readableTables())
      expect(await countAll(api.asServer, table), table).toBe(0);
  });

  it('leaves no organization set on the connection after the transaction', async () => {
    const { asServer, organization } = api;
    await Promise.all(
      Array.from({ length: 20 }, () =>
        forOrganization(asServer, organization.organizationId, (sql) => countAll(sql, 'orders')),
      ),
    );
    const counts = await Promise.all(
      Array.from({ length: 20 }, () => countAll(asServer, 'orders')),
    );
    expect(new Set(counts)).toEqual(new Set([0]));
  });

  it('limits an update without a filter to one organization', async () => {
    const { database, asServer, organization } = api;
    const changed = await forOrganization(asServer, organization.organizationId, async (sql) => {
      const { count } = await sql`UPDATE orders SET updated_at = now()`;
      return count;
    });
    const [own] = await database<{ count: number }[]>`
      SELECT count(*)::int AS count FROM orders
      WHERE organization_id = ${organization.organizationId}`;
    expect(changed).toBe(own!.count);
    expect(await countAll(database, 'orders')).toBeGreaterThan(changed);
  });

  it('refuses to write rows of another organization', async () => {
    const { asServer, organization } = api;
    await expect(
      forOrganization(asServer, organization.organizationId, (sql) =>
        putCase(
          sql,
          HASH_SECRET,
          { organizationId: other.organizationId, caseId: randomUUID() },
          { firstName: 'Ann', lastName: 'Example' },
          TESTER,
        ),
      ),
    ).rejects.toMatchObject(REFUSED);
    const moved = forOrganization(
      asServer,
      organization.organizationId,
      (sql) => sql`UPDATE orders SET organization_id = ${other.organizationId}`,
    );
    await expect(moved).rejects.toMatchObject(REFUSED);
  });

  it('shows a pharmacy only its own orders', async () => {
    const second = await createPharmacy(api.database);
    const see = (id: string, table: string) =>
      forPharmacy(api.asServer, id, (sql) => countAll(sql, table));
    for (const table of ['orders', 'inbox']) {
      expect([await see(pharmacy.id, table), await see(second.id, table)]).toEqual([2, 0]);
    }
  });
});

describe('the server’s role', () => {
  it.each([
    'DELETE FROM orders',
    'DELETE FROM order_activity',
    'UPDATE order_activity SET actor = actor',
    'DELETE FROM documents',
    'SELECT FROM audit_log',
    'SELECT FROM audit_seals',
    'UPDATE audit_log SET actor = actor',
    'UPDATE events SET event = event',
    'UPDATE pharmacies SET active = false',
    'UPDATE api_keys SET revoked_at = NULL',
    "INSERT INTO organizations (id, name) VALUES (uuidv7(), 'Another')",
    'DELETE FROM data_keys',
    'TRUNCATE orders',
    'CREATE TABLE copies AS SELECT 1',
    'ALTER TABLE orders DISABLE ROW LEVEL SECURITY',
    'SET ROLE rx_orders_worker',
  ])('may not: %s', async (statement) => {
    await expect(api.asServer.unsafe(statement)).rejects.toMatchObject(REFUSED);
  });
});

describe('the worker’s role', () => {
  it.each([
    'SELECT FROM api_keys',
    'DELETE FROM orders',
    'INSERT INTO orders SELECT * FROM orders',
    'DELETE FROM cases',
    'UPDATE audit_log SET actor = actor',
    'UPDATE audit_seals SET at = at',
    'UPDATE pharmacies SET active = false',
    'ALTER TABLE audit_log DISABLE TRIGGER append_only',
    'CREATE TABLE copies AS SELECT 1',
  ])('may not: %s', async (statement) => {
    await expect(worker.unsafe(statement)).rejects.toMatchObject(REFUSED);
  });

  it.each(['events', 'webhook_deliveries', 'webhook_attempts', 'inbox'])(
    'deletes no young row of %s',
    async (table) => {
      const before = await countAll(api.database, table);
      expect(before).toBeGreaterThan(0);
      await worker`DELETE FROM ${worker(table)}`;
      expect(await countAll(api.database, table)).toBe(before);
    },
  );

  it('sees every organization’s orders', async () => {
    expect(await countAll(worker, 'orders')).toBe(await countAll(api.database, 'orders'));
  });
});

describe('the operators’ role', () => {
  it.each([
    'UPDATE audit_log SET actor = actor',
    'DELETE FROM audit_log',
    'INSERT INTO audit_seals SELECT * FROM audit_seals',
    'DELETE FROM orders',
    'DELETE FROM order_activity',
    'ALTER TABLE audit_log DISABLE TRIGGER append_only',
    'UPDATE schema_migrations SET sha256 = sha256',
    'CREATE TABLE copies AS SELECT 1',
  ])('may not: %s', async (statement) => {
    await expect(operator.unsafe(statement)).rejects.toMatchObject(REFUSED);
  });

  it('can create a working API key', async () => {
    const key = await createKey(operator, other.organizationId);
    const path = `/api/v1/cases/${other.caseId}/orders`;
    const answer = await api.send('GET', path, { headers: { 'cv-api-key': key } });
    expect(answer.status).toBe(200);
  });
});
