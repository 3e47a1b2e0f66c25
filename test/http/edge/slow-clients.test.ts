import { afterAll, beforeAll, expect, it } from 'vitest';
import { answersIn, orderBytes, sendRaw } from '../../support/raw-http.ts';
import { startTestApi, type TestApi } from '../../support/test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

/** The time limit of a request's head, the second until Node checks it, and time for a busy machine. */
const LATEST_MS = 20_000;

it('a client that sends no complete head within 10 s gets 408, and others are served meanwhile', async () => {
  const started = performance.now();
  const cut = orderBytes(api).indexOf('Content-Type');
  const slow = sendRaw(api.app.url, orderBytes(api).slice(0, cut), { silenceMs: LATEST_MS });

  expect((await api.send('GET', '/healthz')).status).toBe(200);
  const answers = answersIn(await slow);

  expect(answers).toMatchObject([{ status: 408, json: { error: 'the request took too long' } }]);
  expect(performance.now() - started).toBeGreaterThan(9_900);
  expect(await api.count('orders')).toBe(0);
  expect((await api.send('GET', '/healthz')).status).toBe(200);
});
