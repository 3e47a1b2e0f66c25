import { afterAll, beforeAll, expect, it } from 'vitest';
import { exampleWithKey, startTestApi, type TestApi } from '../../support/test-api.ts';

const KEYS = 40;
const COPIES = 50;

let api: TestApi;
beforeAll(async () => {
  const limits = { rateLimit: { perSecond: 100_000, burstSeconds: 1 }, queueLimit: 10_000 };
  api = await startTestApi({ limits });
});
afterAll(() => api.close());

it(`answers one 200 per key when ${KEYS} keys come ${COPIES} times at once`, async () => {
  const requests = Array.from({ length: KEYS * COPIES }, (_, n) => `equal-${n % KEYS}`);
  const answers = await Promise.all(
    requests.map(async (key) => {
      // A client sends the request again after a 503, and after a reset: on a busy machine the head of a
      // request may take longer than the server waits for one. A lost 200 would still fail below.
      for (;;) {
        const answer = await api.place(exampleWithKey(key)).catch((error: unknown) => {
          if (error instanceof TypeError && error.message === 'fetch failed') return undefined;
          throw error;
        });
        if (answer !== undefined && answer.status !== 503) return { key, ...answer };
      }
    }),
  );

  const created = answers.filter(({ status }) => status === 200);
  expect(created.map(({ key }) => key).toSorted()).toEqual([...new Set(requests)].toSorted());
  const orderOf = new Map(created.map(({ key, json }) => [key, json.data.order.id]));
  for (const { key, status, headers } of answers) {
    if (status === 200) continue;
    expect({ status, match: headers.get('idempotency-match') }).toEqual({
      status: 409,
      match: 'same',
    });
    expect(headers.get('location')).toContain(orderOf.get(key));
  }
  expect(await api.count('orders')).toBe(KEYS);
  expect(await api.count('outbox')).toBe(KEYS);
}, 120_000);
