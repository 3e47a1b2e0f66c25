import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { brokenRules } from '../support/broken-rules.ts';
import { hostileBodies } from '../support/hostile-bodies.ts';
import { expectOnSchema } from '../support/on-schema.ts';
import { openedOrder } from '../support/sealed-rows.ts';
import { startTestApi, type TestApi } from '../support/test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

it('responds to any body as documented, never with a 5xx, and accepts no order that breaks a rule', async () => {
  await fc.assert(
    fc.asyncProperty(hostileBodies(), async (body) => {
      const answer = await api.place(new Uint8Array(body));

      expect(answer.status).toBeLessThan(500);
      expectOnSchema(answer, 'POST', '/api/v1/cases/{caseId}');
    }),
    { numRuns: 400 },
  );

  const ids = await api.database<{ id: string }[]>`SELECT id FROM orders`;
  const stored = await Promise.all(ids.map(({ id }) => openedOrder(api.database, id)));
  expect(stored.length).toBeGreaterThan(0);
  expect(stored.flatMap(({ prescription }) => brokenRules(prescription))).toEqual([]);
}, 120_000);
