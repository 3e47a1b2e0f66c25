import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../../src/storage/database.ts';
import { startApp, type TestApp } from '../../support/app.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import {
  createOrganization,
  ENCRYPTION_KEYS,
  type TestOrganization,
} from '../../support/organization.ts';
import { ordersOfKey, withKeysOf } from '../../support/sealed-rows.ts';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';
import { type Answer, exampleWithKey, sendTo } from '../../support/test-api.ts';

let db: TestDatabase;
let proxy: TcpProxy;
let behindProxy: Database;
let app: TestApp;
let organization: TestOrganization;
beforeAll(async () => {
  db = await createTestDatabase();
  const url = new URL(db.serverUrl);
  proxy = await startTcpProxy({ host: url.hostname, port: Number(url.port) });
  url.hostname = '127.0.0.1';
  url.port = String(proxy.port);
  behindProxy = openDatabase(url.href, 3, withKeysOf(ENCRYPTION_KEYS));
  app = await startApp(behindProxy);
  organization = await createOrganization(db.database);
});
afterAll(async () => {
  await app.close();
  await behindProxy.end({ timeout: 2 });
  await proxy.close();
  await db.drop();
});

function place(
  key: string,
  pharmacyId: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const body = exampleWithKey(key);
  return sendTo(app.url, 'POST', `/api/v1/cases/${organization.caseId}`, {
    headers: {
      'cv-api-key': organization.apiKey,
      'content-type': 'application/json',
      ...headers,
    },
    body: { ...body, order: { ...body.order, pharmacyId } },
  });
}

function get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
  return sendTo(app.url, 'GET', path, {
    headers: { 'cv-api-key': organization.apiKey, ...headers },
  });
}

async function rowsOf(key: string): Promise<[orders: number, outbox: number, activity: number]> {
  const ids = await ordersOfKey(db.database, key);
  const outbox = await db.database`SELECT FROM outbox WHERE order_id = ANY(${ids})`;
  const activity = await db.database`SELECT FROM order_activity WHERE order_id = ANY(${ids})`;
  return [ids.length, outbox.length, activity.length];
}

it.each([
  ['before Postgres has the statement', 'statement', 'before', [200]],
  ['while Postgres runs the statement', 'statement', 'after', [200]],
  ['after the statement, before the commit', 'statement', 'answered', [200]],
  ['before Postgres has the commit', 'commit', 'before', [200]],
  ['while Postgres commits', 'commit', 'after', [200, 409]],
  ['after the commit, before its answer is read', 'commit', 'answered', [409]],
] as const)(
  'creates one order when the connection breaks %s and the client sends again',
  async (_what, sent, moment, expected) => {
    for (let round = 0; round < 10; round += 1) {
      const [key, pharmacyId] = [randomUUID(), `mark-${randomUUID()}`];
      // The next message on the statement's connection is the commit.
      proxy.breakOn(pharmacyId, moment, sent === 'statement' ? 'these' : 'next');

      const lost = await place(key, pharmacyId);
      const again = await place(key, pharmacyId);

      expect(lost.status).toBe(503);
      expect(lost.headers.has('retry-after')).toBe(true);
      expect(expected).toContain(again.status);
      if (again.status === 409) {
        expect(again.headers.get('idempotency-match')).toBe('same');
        expect(again.headers.get('location')).toContain(`/cases/${organization.caseId}/orders/`);
      }
      expect(await rowsOf(key)).toEqual([1, 1, 1]);
    }
  },
);

describe('a client whose answer was lost after the commit', () => {
  let key: string;
  let pharmacyId: string;
  let orderId: string;
  beforeEach(async () => {
    [key, pharmacyId] = [randomUUID(), `mark-${randomUUID()}`];
    proxy.breakOn(pharmacyId, 'answered', 'next');
    expect((await place(key, pharmacyId)).status).toBe(503);
    orderId = (await ordersOfKey(db.database, key))[0] ?? '';
  });

  it('finds its order by the Location of the 409', async () => {
    const again = await place(key, pharmacyId);

    expect(again.status).toBe(409);
    expect(again.headers.get('idempotency-match')).toBe('same');
    const found = await get(again.headers.get('location')!);
    expect(found.json.data.order).toMatchObject({ id: orderId, idempotencyKey: key });
  });

  it('finds its order by the replay mode', async () => {
    const again = await place(key, pharmacyId, { 'idempotency-mode': 'replay' });

    expect(again.status).toBe(200);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(again.json.data.order.id).toBe(orderId);
  });

  it('finds its order by the idempotency key', async () => {
    const found = await get('/api/v1/orders/by-idempotency-key', { 'idempotency-key': key });

    expect(found.status).toBe(200);
    expect(found.json.data.order).toMatchObject({ id: orderId, caseId: organization.caseId });
  });
});

it('never answers 200 for an order that is not stored', async () => {
  const keys = Array.from({ length: 30 }, () => randomUUID());
  const answers = await Promise.all(
    keys.map(async (key, index) => {
      const pharmacyId = `mark-${randomUUID()}`;
      if (index % 10 === 0) proxy.breakOn(pharmacyId, index % 20 === 0 ? 'after' : 'before');
      return { key, answer: await place(key, pharmacyId) };
    }),
  );

  for (const { key, answer } of answers) {
    expect([200, 503]).toContain(answer.status);
    if (answer.status === 200) expect(await rowsOf(key)).toEqual([1, 1, 1]);
  }
  expect(answers.some(({ answer }) => answer.status === 200)).toBe(true);
});
