import { afterAll, beforeAll, expect, it } from 'vitest';
import { examplePlaceOrder } from '../../support/example.ts';
import { startTestApi, type TestApi } from '../../support/test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

it('does not store an order that it refused with 503 because the database was too slow', async () => {
  const { idempotencyKey: _, ...keyless } = examplePlaceOrder();
  await api.database.begin(async (sql) => {
    await sql`LOCK TABLE orders IN SHARE MODE`;
    // More requests than connections in the pool, so that some wait for a connection.
    const answers = await Promise.all(Array.from({ length: 40 }, () => api.place(keyless)));
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([503]));
    expect(answers[0]?.headers.get('retry-after')).toBe('2');
  });
  expect(await api.count('orders')).toBe(0);

  expect((await api.place(keyless)).status).toBe(200);
  expect(await api.count('orders')).toBe(1);
});
