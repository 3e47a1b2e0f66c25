import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Door, openDoor } from '../../support/door.ts';
import { examplePlaceOrder } from '../../support/example.ts';

let door: Door;
beforeAll(async () => {
  door = await openDoor();
});
afterAll(() => door.close());

it('does not store what it refused because the database took too long', async () => {
  const { idempotencyKey: _, ...keyless } = examplePlaceOrder();
  await door.database.begin(async (sql) => {
    await sql`LOCK TABLE orders IN SHARE MODE`;
    // More than the pool has connections for, so that some wait for one.
    const answers = await Promise.all(Array.from({ length: 40 }, () => door.place(keyless)));
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([503]));
    expect(answers[0]?.headers.get('retry-after')).toBe('2');
  });
  expect(await door.count('orders')).toBe(0);

  expect((await door.place(keyless)).status).toBe(200);
  expect(await door.count('orders')).toBe(1);
});
