import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectOnSchema } from '../support/on-schema.ts';
import { startTestApi, type TestApi } from '../support/test-api.ts';

// What `npm run fuzz` found, each with the seed that found it.

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

// --cases 10000 --seed 2026: the answer was right, and not in the document.
it('documents the answer to a URL that is too long', async () => {
  const answer = await api.get(`/api/v1/orders?createdBefore=${'%F1%B2%8D%A6'.repeat(2_000)}`);

  expect(answer.status).toBe(431);
  expectOnSchema(answer, 'GET', '/api/v1/orders');
});
