import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createKey,
  createOrganization,
  type TestOrganization,
} from '../../support/organization.ts';
import {
  exampleWithKey,
  exampleWithoutKey,
  startTestApi,
  type TestApi,
} from '../../support/test-api.ts';

let api: TestApi;
let other: TestOrganization;
beforeAll(async () => {
  api = await startTestApi();
  other = await createOrganization(api.database);
});
afterAll(() => api.close());

const UNAUTHORIZED =
  '{"status":401,"success":false,"message":"Invalid request","error":"Unauthorized"}';
const FORBIDDEN =
  '{"status":403,"success":false,"message":"Invalid request","error":"Permission denied"}';

function placeWithKey(apiKey: string, body: unknown = exampleWithoutKey()) {
  return api.place(body, { headers: { 'cv-api-key': apiKey } });
}

function keyOf(options: Parameters<typeof createKey>[2]): Promise<string> {
  return createKey(api.database, api.organization.organizationId, options);
}

describe('the header cv-api-key', () => {
  it.each([
    ['POST', '/api/v1/cases/any'],
    ['GET', '/api/v1/cases/any/orders/any'],
    ['GET', '/api/v1/cases/any/orders/any/documents'],
    ['GET', '/api/v1/cases/any/orders/any/documents/any'],
  ])('is required by %s %s', async (method, path) => {
    const answer = await api.send(method, path, {
      headers: { 'content-type': 'application/json' },
      ...(method === 'POST' ? { body: exampleWithoutKey() } : {}),
    });

    expect(answer).toMatchObject({
      status: 400,
      json: { message: 'Invalid request', error: 'cv-api-key is required' },
    });
  });

  it.each([
    ['is empty', ''],
    ['is blank', '   '],
    ['is unknown', 'key-of-nobody'],
    ['is very long', 'k'.repeat(8_000)],
    ['is not ASCII', 'clé'],
  ])('is answered with 401 if the key %s', async (_what, apiKey) => {
    const answer = await placeWithKey(apiKey);

    expect(answer.status).toBe(401);
    expect(answer.text).toBe(UNAUTHORIZED);
  });

  it('is answered with 401 for a revoked or expired key, and with 200 for one that expires later', async () => {
    const revoked = await keyOf({ revokedAt: new Date() });
    const expired = await keyOf({ expiresAt: new Date(Date.now() - 1_000) });
    const expiring = await keyOf({ expiresAt: new Date(Date.now() + 3_600_000) });

    expect((await placeWithKey(revoked)).text).toBe(UNAUTHORIZED);
    expect((await placeWithKey(expired)).text).toBe(UNAUTHORIZED);
    expect((await placeWithKey(expiring)).status).toBe(200);
  });

  it('is answered with 401 if it is sent twice', async () => {
    const twice = `${api.organization.apiKey}, ${api.organization.apiKey}`;

    expect((await placeWithKey(twice)).text).toBe(UNAUTHORIZED);
  });

  it('is the only accepted place for a key', async () => {
    const { apiKey } = api.organization;
    const headers = {
      authorization: `Bearer ${apiKey}`,
      'x-api-key': apiKey,
      cookie: `cv-api-key=${apiKey}`,
    };
    const answer = await api.send('GET', `/api/v1/orders?cv-api-key=${apiKey}`, { headers });
    expect(answer).toMatchObject({ status: 400, json: { error: 'cv-api-key is required' } });
  });

  it('is case-sensitive', async () => {
    expect((await placeWithKey(api.organization.apiKey.toUpperCase())).text).toBe(UNAUTHORIZED);
  });
});

describe('a case', () => {
  it.each([
    ['that does not exist', () => randomUUID()],
    ['of another organization', () => other.caseId],
    ['whose id is not a UUID', () => 'x'],
    ['whose id is very long', () => 'x'.repeat(4_000)],
    ['whose id contains NUL', () => '%00'],
    ['whose id is percent-encoded', () => '%E2%9C%93%2F..%2F%20'],
    ['whose id looks like SQL', () => "'%20OR%20true--"],
  ])('%s is answered with the same 403', async (_what, caseId) => {
    const answer = await api.place(exampleWithoutKey(), { caseId: caseId() });

    expect(answer.text).toBe(FORBIDDEN);
    expect(answer.status).toBe(403);
  });
});

describe('scopes', () => {
  it('refuse orders from a key that may only read', async () => {
    const answer = await placeWithKey(await keyOf({ scopes: ['orders:read'] }));

    expect(answer.status).toBe(403);
    expect(answer.text).toBe(FORBIDDEN);
  });

  it('refuse reads from a key that may only write', async () => {
    const key = await keyOf({ scopes: ['orders:write', 'cases:write'] });
    const order = `/api/v1/cases/${api.organization.caseId}/orders/${randomUUID()}`;

    for (const path of [order, `${order}/documents`, `${order}/documents/${randomUUID()}`]) {
      expect((await api.get(path, { 'cv-api-key': key })).text).toBe(FORBIDDEN);
    }
  });
});

describe('the order of checks', () => {
  const INVALID = { action: 'PLACE_ORDER' };

  it('reports the key before the body', async () => {
    expect((await placeWithKey('key-of-nobody', INVALID)).status).toBe(401);
    expect((await placeWithKey('key-of-nobody', '{not json')).status).toBe(401);
    const plain = { 'cv-api-key': 'key-of-nobody', 'content-type': 'text/plain' };
    expect((await api.place('hello', { headers: plain })).status).toBe(401);
  });

  it('reports the body before the scope', async () => {
    const readOnly = await keyOf({ scopes: ['orders:read'] });

    expect((await placeWithKey(readOnly, INVALID)).status).toBe(400);
    expect((await placeWithKey(readOnly)).status).toBe(403);
  });

  it('reports the body before the case', async () => {
    expect((await api.place(INVALID, { caseId: other.caseId })).status).toBe(400);
  });

  it('reports the case before a used idempotency key', async () => {
    await api.place(exampleWithKey('used'));

    const answer = await api.place(exampleWithKey('used'), { caseId: other.caseId });

    expect(answer.text).toBe(FORBIDDEN);
  });

  it('reports a used idempotency key before a missing shipping address', async () => {
    const { shippingAddress: _, ...order } = exampleWithKey('used-too').order;
    await api.place(exampleWithKey('used-too'));

    const answer = await api.place(
      { ...exampleWithKey('used-too'), order },
      { caseId: api.organization.caseWithoutAddress },
    );

    expect(answer.status).toBe(409);
  });
});
