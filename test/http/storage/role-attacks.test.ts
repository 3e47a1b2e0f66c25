import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROLES, urlOfRole } from '../../../sandbox/database-url.ts';
import { acceptOrder } from '../../../src/orders/accept-order.ts';
import { type Database, openDatabase } from '../../../src/storage/database.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { examplePlaceOrder } from '../../support/example.ts';
import { createOrganization, HASH_SECRET, TESTER } from '../../support/organization.ts';

// Somebody who has taken over one of the programs, and runs SQL of their own with its role.

/** `insufficient_privilege`: a missing grant, or a row that a policy does not allow (appendix A). */
const REFUSED = { code: '42501' };

const NAMES = Object.keys(ROLES) as (keyof typeof ROLES)[];

let test: TestDatabase;
let organizationId: string;
let orderId: string;
const pools = {} as Record<keyof typeof ROLES, Database>;

beforeAll(async () => {
  test = await createTestDatabase();
  const organization = await createOrganization(test.database);
  ({ organizationId } = organization);
  const acceptance = { ...organization, by: TESTER, request: examplePlaceOrder() };
  ({ orderId } = await acceptOrder(test.database, HASH_SECRET, acceptance));
  for (const name of NAMES) {
    // The organization is set for the whole connection: an attacker can set it too.
    const settings = { 'rx.organization': organizationId };
    pools[name] = openDatabase(urlOfRole(test.url, name), 1, { settings });
  }
});
afterAll(async () => {
  await Promise.all(Object.values(pools).map((pool) => pool.end()));
  await test.drop();
});

describe('the pg_temp attack', () => {
  const NEW_OBJECTS = [
    'CREATE TEMPORARY TABLE orders (id uuid)',
    'CREATE FUNCTION pg_temp.evil() RETURNS int LANGUAGE sql RETURN 1',
    'CREATE TABLE public.more_orders (id uuid)',
    'CREATE FUNCTION public.evil() RETURNS int LANGUAGE sql RETURN 1',
    'CREATE SCHEMA evil',
  ];
  it.each(NAMES)('cannot begin: the role of %s creates no objects', async (name) => {
    for (const statement of NEW_OBJECTS) {
      await expect(pools[name].unsafe(statement), statement).rejects.toMatchObject(REFUSED);
    }
  });

  // The second wall: a restore into a new database allows temporary objects again.
  it.each(NAMES)('runs no code of %s with the rights of the owner', async (name) => {
    const rows = await test.database<{ database: string; relation: string }[]>`
      SELECT current_database() AS database, relname AS relation FROM pg_class
      WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`;
    const database = rows[0]?.database ?? '';
    await test.database.unsafe(`GRANT TEMPORARY ON DATABASE ${database} TO PUBLIC`);
    const own = await pools[name].reserve();
    try {
      await own.unsafe(`
        BEGIN;
        CREATE FUNCTION pg_temp.evil() RETURNS boolean LANGUAGE plpgsql AS $$
        BEGIN
          ALTER TABLE public.audit_log DISABLE TRIGGER append_only;
          RETURN true;
        EXCEPTION WHEN insufficient_privilege THEN
          RETURN true;
        END $$`);
      for (const { relation } of rows) {
        await own.unsafe(`
          SAVEPOINT clean;
          DISCARD PLANS;
          CREATE VIEW pg_temp.${relation} AS SELECT * FROM public.${relation} WHERE (SELECT pg_temp.evil());
          GRANT ALL ON pg_temp.${relation} TO PUBLIC`);
        for (const event of ['TRACKING_ADDED', 'STATUS_CHANGED']) {
          await own`
            INSERT INTO public.order_activity (order_id, actor, event, to_status)
            VALUES (${orderId}, 'pharmacy', ${event}, 'CANCELLED')`;
        }
        const triggers = await own`
          SELECT tgenabled FROM pg_trigger WHERE tgrelid = 'public.audit_log'::regclass`;
        expect(triggers, relation).toEqual([{ tgenabled: 'O' }]);
        const events = await own`SELECT FROM public.events WHERE order_id = ${orderId}`;
        expect(events.length, relation).toBe(2);
        await own`ROLLBACK TO clean`;
      }
    } finally {
      await own`ROLLBACK`;
      own.release();
      await test.database.unsafe(`REVOKE TEMPORARY ON DATABASE ${database} FROM PUBLIC`);
    }
  });

  it('finds every function with the path pg_catalog, public, pg_temp', async () => {
    const functions = await test.database<{ name: string; config: string | null }[]>`
      SELECT oid::regprocedure::text AS name, array_to_string(proconfig, ';') AS config
      FROM pg_proc WHERE pronamespace = 'public'::regnamespace`;
    expect(functions.length).toBeGreaterThan(8);
    for (const { name, config } of functions) {
      expect(config, `${name}: add SET search_path = pg_catalog, public, pg_temp`).toBe(
        'search_path=pg_catalog, public, pg_temp',
      );
    }
  });
});
