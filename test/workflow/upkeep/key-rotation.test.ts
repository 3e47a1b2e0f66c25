import { afterAll, beforeAll, expect, it } from 'vitest';
import { acceptOrder } from '../../../src/orders/accept-order.ts';
import { openDatabase } from '../../../src/storage/database.ts';
import { countStale, reseal } from '../../../src/upkeep/reseal.ts';
import { destroyOldKeys, readKeyStatus, rotateDataKeys } from '../../../src/upkeep/rotate-keys.ts';
import { eventually } from '../../support/eventually.ts';
import { examplePlaceOrder } from '../../support/example.ts';
import { ENCRYPTION_KEYS, HASH_SECRET, TESTER } from '../../support/organization.ts';
import { openedOrder, withKeysOf } from '../../support/sealed-rows.ts';
import { createWorld, type World } from '../../support/world.ts';

const ORDERS = 80;

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

it('rotates every data key twice while orders are processed, and all complete', {
  timeout: 180_000,
}, async () => {
  // A separate pool with its own keys, like the operator’s command in another process.
  const operator = openDatabase(world.db.url, 2, withKeysOf(ENCRYPTION_KEYS));
  const { keys: provider } = withKeysOf(ENCRYPTION_KEYS);
  const resealAll = () => reseal(operator, () => undefined, new AbortController().signal);
  const owners = async () =>
    (await readKeyStatus(operator)).map(({ organizationId }) => organizationId);
  const { organizationId, caseId } = world.organization;
  const { order } = examplePlaceOrder();
  const place = async () => {
    const request = { action: 'PLACE_ORDER', order } as const;
    const acceptance = { organizationId, caseId, request, by: TESTER };
    return (await acceptOrder(world.db.database, HASH_SECRET, acceptance)).orderId;
  };

  const orderIds: string[] = [];
  for (let round = 0; round < 2; round += 1) {
    for (let n = 0; n < ORDERS / 4; n += 1) orderIds.push(await place());
    expect(await rotateDataKeys(operator, provider, await owners())).toBeGreaterThan(0);
    const placing = Promise.all(Array.from({ length: ORDERS / 4 }, place));
    expect((await resealAll()).broken).toEqual([]);
    orderIds.push(...(await placing));
  }
  await eventually(
    'all orders are completed',
    async () => {
      const left = await operator`SELECT FROM orders WHERE status <> 'COMPLETED' LIMIT 1`;
      return left.length === 0;
    },
    150_000,
  );

  // The next pass finds rows that were sealed with an old key during the rotation.
  world.db.database.keys.forgetActive();
  expect((await resealAll()).broken).toEqual([]);
  expect([...(await countStale(operator)).values()].every((count) => count === 0)).toBe(true);
  await destroyOldKeys(operator, 0);
  expect((await readKeyStatus(operator)).every(({ oldKeys }) => oldKeys === 0)).toBe(true);
  const fresh = openDatabase(world.db.url, 2, withKeysOf(ENCRYPTION_KEYS));
  for (const orderId of orderIds) {
    expect((await openedOrder(fresh, orderId)).prescription).toEqual(order);
  }
  await fresh.end();
  await operator.end();
});
