import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DOCUMENT } from '../support/documented.ts';
import { expectOnSchema } from '../support/on-schema.ts';
import { createKey } from '../support/organization.ts';
import { storeDelivery } from '../support/stored-delivery.ts';
import { exampleWithoutKey, startTestApi, type TestApi } from '../support/test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

it('serves the committed document', async () => {
  const answer = await api.send('GET', '/openapi.json');

  expect(answer.status).toBe(200);
  expect(answer.json).toEqual(DOCUMENT);
});

it('responds on every route as the document says', async () => {
  const { caseId } = api.organization;
  const scopes = ['orders:write', 'orders:read', 'cases:write', 'webhooks:manage'];
  const apiKey = await createKey(api.database, api.organization.organizationId, { scopes });
  const key = { 'cv-api-key': apiKey, 'idempotency-key': `key-${randomUUID()}` };
  const body = { ...exampleWithoutKey(), idempotencyKey: key['idempotency-key'] };
  const json = { ...key, 'content-type': 'application/json' };
  const placed = await api.place(body);
  const orderId = placed.json.data.order.id as string;
  const url = 'http://127.0.0.1:1024/hook';
  const stored = await storeDelivery(api.database, api.organization.organizationId, {
    url,
    orderId,
  });
  const values: Readonly<Record<string, string>> = {
    caseId,
    orderId,
    documentId: randomUUID(),
    ...stored,
  };
  const patient = { firstName: 'Jane', lastName: 'Sample' };
  const bodies: Readonly<Record<string, object>> = {
    'post /api/v1/cases/{caseId}': { ...body, action: 'VALIDATE_ORDER' },
    'put /api/v1/cases/{caseId}': { patient },
    'post /api/v1/webhook-endpoints': { url },
    'patch /api/v1/webhook-endpoints/{endpointId}': { description: 'tried' },
  };

  const statuses: number[] = [];
  for (const [path, operations] of Object.entries(DOCUMENT.paths)) {
    const target = path.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '');
    const query = path.includes('customer-case-detail')
      ? `?caseId=${caseId}&includeOrders=true`
      : '';
    for (const method of Object.keys(operations)) {
      // One call deletes the endpoint, and the others need it.
      await api.database`UPDATE webhook_endpoints SET deleted_at = NULL`;
      const sent = bodies[`${method} ${path}`];
      const request = sent === undefined ? { headers: key } : { headers: json, body: sent };
      const answer = await api.send(method.toUpperCase(), target + query, request);
      expectOnSchema(answer, method, path);
      const refused = await api.send(method.toUpperCase(), target + query, {
        ...request,
        headers: { ...request.headers, 'cv-api-key': 'unknown' },
      });
      expectOnSchema(refused, method, path);
      statuses.push(answer.status);
    }
  }
  // The order has no document (404), and the link has no signature (400). The rest succeeds.
  expect(statuses.filter((status) => status >= 300).toSorted()).toEqual([400, 404]);
});

it('serves the page under a policy that allows no other origin', async () => {
  const page = await api.send('GET', '/docs');

  expect(page.status).toBe(200);
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  const policy = page.headers.get('content-security-policy') ?? '';
  expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/);
  expect(policy).not.toMatch(/unsafe|https?:|\*/);
});
