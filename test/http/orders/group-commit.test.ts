import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createGroupCommit } from '../../../src/orders/group-commit.ts';
import { type NewOrder, storeOrders } from '../../../src/orders/store-orders.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { createOrganization, type TestOrganization } from '../../support/organization.ts';

let db: TestDatabase;
let own: TestOrganization;
let other: TestOrganization;
beforeAll(async () => {
  db = await createTestDatabase();
  [own, other] = await Promise.all([
    createOrganization(db.database),
    createOrganization(db.database),
  ]);
});
afterAll(() => db.drop());

function order(changes: Partial<NewOrder> = {}): NewOrder {
  return {
    ...{ orderId: randomUUID(), organizationId: own.organizationId, caseId: own.caseId },
    ...{
      pharmacyId: 'a-pharmacy',
      dataKey: 'sealed',
      prescription: 'sealed',
      shippingAddress: null,
    },
    ...{
      idempotencyHash: null,
      idempotencyKey: null,
      traceparent: null,
      fingerprint: Buffer.from('fingerprint'),
    },
    ...{ faulty: false, hasAddress: false },
    by: { actorKind: 'key', actor: 'a-key' },
    ...changes,
  };
}

const groupCommit = () => createGroupCommit((...batch) => storeOrders(db.asServer, ...batch));
const hashOf = (text: string) => Buffer.from(text.padEnd(32));
const rows = async (table: 'orders' | 'outbox' | 'order_activity' | 'audit_log', ids: string[]) => {
  const column = db.database(table === 'orders' ? 'id' : 'order_id');
  const [row] = await db.database<{ count: number }[]>`
    SELECT count(*)::int AS count FROM ${db.database(table)} WHERE ${column} = ANY(${ids}::uuid[])`;
  return row?.count;
};

it('gives each order of a batch its own outcome, and stores all rows of those it accepts', async () => {
  const orders = [
    order({ idempotencyHash: hashOf('one') }),
    order({ caseId: other.caseId }),
    order({ caseId: null }),
    order({ caseId: own.caseWithoutAddress }),
    order({ caseId: own.caseWithoutAddress, hasAddress: true, shippingAddress: 'sealed' }),
    order({ idempotencyHash: hashOf('one') }),
    order(),
  ];
  const outcomes = await storeOrders(db.asServer, own.organizationId, orders);
  expect(
    outcomes.map(({ permitted, addressed, accepted }) => [permitted, addressed, accepted]),
  ).toEqual([
    [true, true, true],
    [false, false, false],
    [false, false, false],
    [true, false, false],
    [true, true, true],
    [true, true, false],
    [true, true, true],
  ]);
  const ids = orders.map(({ orderId }) => orderId);
  for (const table of ['orders', 'outbox', 'order_activity', 'audit_log'] as const) {
    expect(await rows(table, ids), table).toBe(3);
  }
});

it('cannot store an order of another organization than the batch’s', async () => {
  const foreign = order({ organizationId: other.organizationId, caseId: other.caseId });
  const [outcome] = await storeOrders(db.asServer, own.organizationId, [foreign]);
  expect(outcome).toMatchObject({ permitted: false, accepted: false });
});

it('stores the other orders of a batch that contains one which Postgres refuses', async () => {
  const store = groupCommit();
  const orders = [order(), order(), order({ pharmacyId: 'not\0a text' }), order()];
  const answers = await Promise.allSettled(orders.map(store));
  expect(answers.map(({ status }) => status)).toEqual([
    ...['fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
  ]);
  expect(
    await rows(
      'orders',
      orders.map(({ orderId }) => orderId),
    ),
  ).toBe(3);
});

it('stores each key once when servers get the same keys in different sequences', async () => {
  const keys = Array.from({ length: 60 }, (_, n) => hashOf(`key-${n}`));
  const servers = [keys, keys.toReversed(), keys, keys.toReversed()].map((sequence) => {
    const store = groupCommit();
    return Promise.all(
      sequence.map(async (idempotencyHash) => (await store(order({ idempotencyHash }))).accepted),
    );
  });
  const accepted = (await Promise.all(servers)).flat().filter(Boolean);
  expect(accepted).toHaveLength(keys.length);
});

it('stores the first of several requests of a batch that are the same', async () => {
  const [orderId, idempotencyHash] = [randomUUID(), hashOf('same')];
  const same = () => order({ orderId, idempotencyHash });
  const outcomes = await storeOrders(db.asServer, own.organizationId, [same(), order(), same()]);
  expect(outcomes.map(({ accepted }) => accepted)).toEqual([true, true, false]);
  const again = await storeOrders(db.asServer, own.organizationId, [same()]);
  expect(again).toMatchObject([{ lawful: true, permitted: true, accepted: false }]);
  for (const table of ['orders', 'outbox', 'order_activity', 'audit_log'] as const) {
    expect(await rows(table, [orderId])).toBe(1);
  }
});
