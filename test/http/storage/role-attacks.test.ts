import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROLES, urlOfRole } from '../../../sandbox/database-url.ts';
import { acceptOrder } from '../../../src/orders/accept-order.ts';
import { noteApplied } from '../../../src/orders/repairs/repair.ts';
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
        expect(triggers, relation).toEqual([{ tgenabled: 'O' }, { tgenabled: 'O' }]);
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

describe('a forged row of the audit log', () => {
  const insert = (columns: string, values: string) => `
    INSERT INTO audit_log (actor_kind, action, result, actor${columns})
    VALUES ('system', 'CASE_READ', 'OK', 'order-client'${values})`;
  it.each(NAMES)('of another time, transaction or place is refused to %s', async (name) => {
    for (const statement of [
      insert(', at', ", '2001-01-01'"),
      insert(', transaction_id', ", '9000000000000'"),
      insert(', id', ', 1').replace('VALUES', 'OVERRIDING SYSTEM VALUE VALUES'),
    ]) {
      await expect(pools[name].unsafe(statement), statement).rejects.toMatchObject(REFUSED);
    }
  });

  it.each([
    ['server', 'operator', 'ada', 'ORDER_RETRIED'],
    ['server', 'system', 'retention', 'ORDER_ERASED'],
    ['worker', 'operator', 'ada', 'CASE_READ'],
    ['worker', 'key', 'a-key', 'ORDER_READ'],
    ['operator', 'key', 'a-key', 'ORDER_READ'],
    ['operator', 'system', 'retention', 'ORDER_ERASED'],
  ] as const)(
    'is refused: the role of %s records nothing as %s %s (%s)',
    async (name, kind, actor, action) => {
      await expect(
        pools[name]`
        INSERT INTO audit_log (actor_kind, actor, action, result) VALUES (${kind}, ${actor},
          ${action}, 'OK')`,
      ).rejects.toMatchObject(REFUSED);
    },
  );
});

describe('a forged seal', () => {
  const HEAD = `coalesce((SELECT hash FROM audit_head), decode(repeat('00', 32), 'hex'))`;
  const seal = (changed: Readonly<Record<string, string>>) => {
    const fields = {
      ...{ number: 'coalesce((SELECT number FROM audit_head), 0) + 1', at: 'clock_timestamp()' },
      ...{ first_transaction_id: 'f.transaction_id', first_id: 'f.id' },
      ...{ last_transaction_id: 'f.transaction_id', last_id: 'f.id' },
      ...{ count: '1', previous: HEAD, hash: "sha256('')" },
      ...changed,
    };
    return `INSERT INTO audit_seals (${Object.keys(fields).join(', ')})
      SELECT ${Object.values(fields).join(', ')} FROM (
        SELECT transaction_id, id FROM audit_log ORDER BY transaction_id, id LIMIT 1) AS f`;
  };
  it.each([
    ['a high number', { number: '9000000000000' }],
    ['another previous seal', { previous: `sha256('x')` }],
    ['no end', { last_transaction_id: `'9000000000000'::xid8` }],
    ['a time in the past', { at: `now() - interval '1 day'` }],
    ['another count', { count: '2' }],
    ['another first row', { first_id: '0' }],
    ['a short hash', { hash: `'x'` }],
  ])('with %s cannot break the chain for the seals after it', async (_what, changed) => {
    await expect(pools.worker.unsafe(seal(changed))).rejects.toMatchObject({
      message: 'the seal does not continue the audit log',
    });
  });

  it('and its place in audit_head cannot be written by any program', async () => {
    for (const name of NAMES) {
      for (const statement of [
        'UPDATE audit_head SET number = 0',
        'DELETE FROM audit_head',
        `INSERT INTO audit_head VALUES (true, 1, 'x', '1', 1)`,
      ]) {
        await expect(pools[name].unsafe(statement), statement).rejects.toMatchObject(REFUSED);
      }
    }
    await test.database.unsafe(`
      INSERT INTO audit_head VALUES (true, 5, 'x', '1', 1)`);
    for (const change of ['UPDATE audit_head SET number = 4', 'DELETE FROM audit_head']) {
      await expect(test.database.unsafe(change), change).rejects.toMatchObject(REFUSED);
    }
  });
});

describe('a forged row of the timeline', () => {
  it.each(NAMES)('of another time is refused to %s', async (name) => {
    for (const [column, value] of [
      ['at', `'2001-01-01'`],
      ['id', '1'],
    ] as const) {
      await expect(
        pools[name].unsafe(`
          INSERT INTO order_activity (order_id, actor, event, ${column}) OVERRIDING SYSTEM VALUE
          VALUES ('${orderId}', 'api', 'CANCEL_REQUESTED', ${value})`),
      ).rejects.toMatchObject(REFUSED);
    }
    await expect(pools[name]`UPDATE order_activity SET actor = 'system'`).rejects.toMatchObject(
      REFUSED,
    );
  });

  it.each([
    ['operator', 'REPAIR_RETRY', null],
    ['system', 'DOCUMENT_STORED', null],
    ['pharmacy', 'STATUS_CHANGED', 'COMPLETED'],
  ])('is refused to the server: %s %s %s', async (actor, event, status) => {
    await expect(
      pools.server`
        INSERT INTO order_activity (order_id, actor, event, to_status)
        VALUES (${orderId}, ${actor}, ${event}, ${status})`,
    ).rejects.toMatchObject(REFUSED);
  });

  it.each([
    ['system', 'DELAY_ENDED', null],
    ['pharmacy', 'STATUS_CHANGED', 'NEEDS_ATTENTION'],
    ['api', 'STATUS_CHANGED', 'CANCELLED'],
  ])('is not what the server writes itself: %s %s %s', async (actor, event, status) => {
    await pools.server`
      INSERT INTO order_activity (order_id, actor, event, to_status)
      VALUES (${orderId}, ${actor}, ${event}, ${status})`;
  });

  it('and a repair in the name of an operator is refused to the server, except a retry', async () => {
    for (const kind of ['cancel', 'keep', 'link']) {
      await expect(
        pools.server`
          INSERT INTO order_repairs (id, order_id, kind, requested_by)
          VALUES (uuidv7(), ${orderId}, ${kind}, 'ada')`,
      ).rejects.toMatchObject(REFUSED);
    }
  });

  it('and a retry that the server requests names an operator as claimed', async () => {
    const insert = (columns: string, values: string) =>
      pools.server.unsafe<{ id: string }[]>(`
        INSERT INTO order_repairs (id, order_id, kind, requested_by${columns})
        VALUES (uuidv7(), '${orderId}', 'retry', 'ada'${values}) RETURNING id`);
    await expect(insert(', is_claimed', ', false')).rejects.toMatchObject(REFUSED);
    const [repair] = await insert('', '');
    await expect(pools.server`UPDATE order_repairs SET is_claimed = false`).rejects.toMatchObject(
      REFUSED,
    );
    await noteApplied(pools.worker, repair?.id ?? '');
    const rows = await test.database`
      SELECT actor FROM audit_log WHERE order_id = ${orderId} AND action = 'ORDER_RETRIED'`;
    expect(rows).toEqual([{ actor: 'claimed:ada' }]);
  });
});
