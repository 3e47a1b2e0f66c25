import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { ordersOfKey } from '../../support/sealed-rows.ts';
import {
  exampleWithKey,
  exampleWithoutKey,
  startTestApi,
  type TestApi,
} from '../../support/test-api.ts';

let api: TestApi;
afterEach(() => api.close());

describe('an outbox that is too deep', () => {
  it('refuses orders until it has drained, and keeps serving reads', async () => {
    api = await startTestApi({ limits: { outboxLimit: 10 } });
    const key = randomUUID();

    const refused = await eventually('an order is refused', async () => {
      const answer = await api.place(exampleWithoutKey());
      return answer.status === 503 && answer;
    });
    expect(refused.headers.get('retry-after')).toBe('2');
    expect(refused.json).toEqual({
      status: 503,
      success: false,
      message: 'Service unavailable',
      error: 'too many orders wait to be started; send the request again',
    });
    expect(await api.place(exampleWithKey(key))).toMatchObject({ status: 503 });
    expect(await api.get('/api/v1/orders')).toMatchObject({ status: 200 });
    expect(await api.get('/healthz')).toMatchObject({ status: 200 });

    // Orders are accepted again below 8, so that the state does not flap at the limit.
    await api.database`
      DELETE FROM outbox WHERE id IN (SELECT id FROM outbox ORDER BY id OFFSET 5)`;
    const accepted = await eventually('orders are accepted again', async () => {
      const answer = await api.place(exampleWithKey(key));
      return answer.status === 200 && answer;
    });

    expect(await ordersOfKey(api.database, key)).toEqual([accepted.json.data.order.id]);
    const messages = api.app.log.lines.map(({ message }) => message);
    expect(messages).toContain('outbox too deep: refusing orders');
    expect(messages).toContain('outbox drained: accepting orders');
  });
});

describe('too many requests at once', () => {
  it('are refused without a query, and every 200 is stored', async () => {
    api = await startTestApi({ limits: { queueLimit: 5 } });

    const answers = await Promise.all(
      Array.from({ length: 300 }, () => api.place(exampleWithoutKey())),
    );

    const accepted = answers.filter(({ status }) => status === 200);
    const refused = answers.filter(({ status }) => status === 503);
    expect(accepted.length + refused.length).toBe(300);
    expect(accepted.length).toBeGreaterThan(0);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]?.json.error).toBe(
      'too many requests wait for the database; send the request again',
    );
    expect(refused.every(({ headers }) => headers.get('retry-after') === '2')).toBe(true);
    expect(await api.count('orders')).toBe(accepted.length);
    expect(await api.place(exampleWithoutKey())).toMatchObject({ status: 200 });
  });
});
