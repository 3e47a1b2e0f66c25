import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectOnSchema } from '../support/on-schema.ts';
import { startTestApi, type TestApi } from '../support/test-api.ts';

// Faults that `npm run fuzz` found, each with its seed.

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

// --cases 10000 --seed 2026: the response was right, but the document did not list it.
it('documents the response to a URL that is too long', async () => {
  const answer = await api.get(`/api/v1/orders?createdBefore=${'%F1%B2%8D%A6'.repeat(2_000)}`);

  expect(answer.status).toBe(431);
  expectOnSchema(answer, 'GET', '/api/v1/orders');
});
