import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DOCUMENT } from '../support/documented.ts';
import { type Door, exampleWithoutKey, openDoor } from '../support/door.ts';
import { expectOnSchema } from '../support/on-schema.ts';
import { createKey } from '../support/organization.ts';

let door: Door;
beforeAll(async () => {
  door = await openDoor();
});
afterAll(() => door.close());

it('serves the document that is committed', async () => {
  const answer = await door.send('GET', '/openapi.json');

  expect(answer.status).toBe(200);
  expect(answer.json).toEqual(DOCUMENT);
});

it('answers on every route as the document says', async () => {
  const { caseId } = door.organization;
  const scopes = ['orders:write', 'orders:read', 'cases:write'];
  const apiKey = await createKey(door.database, door.organization.organizationId, { scopes });
  const key = { 'cv-api-key': apiKey, 'idempotency-key': `key-${randomUUID()}` };
  const body = { ...exampleWithoutKey(), idempotencyKey: key['idempotency-key'] };
  const json = { ...key, 'content-type': 'application/json' };
  const placed = await door.place(body);
  const values: Readonly<Record<string, string>> = {
    caseId,
    orderId: placed.json.data.order.id,
    documentId: randomUUID(),
  };
  const patient = { firstName: 'Jane', lastName: 'Sample' };
  const bodies: Readonly<Record<string, object>> = {
    post: { ...body, action: 'VALIDATE_ORDER' },
    put: { patient },
  };

  const statuses: number[] = [];
  for (const [path, operations] of Object.entries(DOCUMENT.paths)) {
    const url = path.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '');
    const query = path.includes('customer-case-detail')
      ? `?caseId=${caseId}&includeOrders=true`
      : '';
    for (const method of Object.keys(operations)) {
      const request =
        bodies[method] === undefined ? { headers: key } : { headers: json, body: bodies[method] };
      const answer = await door.send(method.toUpperCase(), url + query, request);
      expectOnSchema(answer, method, path);
      const refused = await door.send(method.toUpperCase(), url + query, {
        ...request,
        headers: { ...request.headers, 'cv-api-key': 'unknown' },
      });
      expectOnSchema(refused, method, path);
      statuses.push(answer.status);
    }
  }
  // What has no document is a 404, and a link without a signature a 400; all else is served.
  expect(statuses.filter((status) => status >= 300).toSorted()).toEqual([400, 404]);
});

it('serves the page under a policy that lets nothing foreign in', async () => {
  const page = await door.send('GET', '/docs');

  expect(page.status).toBe(200);
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  const policy = page.headers.get('content-security-policy') ?? '';
  expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/);
  expect(policy).not.toMatch(/unsafe|https?:|\*/);
});
