import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../src/storage/database.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { type Answer, exampleWithKey, sendTo } from '../support/door.ts';
import { createOrganization, type TestOrganization } from '../support/organization.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

let db: TestDatabase;
let proxy: TcpProxy;
let behindProxy: Database;
let app: TestApp;
let organization: TestOrganization;
beforeAll(async () => {
  db = await createTestDatabase();
  const url = new URL(db.url);
  proxy = await startTcpProxy({ host: url.hostname, port: Number(url.port) });
  url.hostname = '127.0.0.1';
  url.port = String(proxy.port);
  behindProxy = openDatabase(url.href, 3);
  app = await startApp(behindProxy);
  organization = await createOrganization(db.database);
});
afterAll(async () => {
  await app.close();
  await behindProxy.end({ timeout: 2 });
  await proxy.close();
  await db.drop();
});

function place(key: string, diagnosis: string): Promise<Answer> {
  const body = exampleWithKey(key);
  return sendTo(app.url, 'POST', `/api/v1/cases/${organization.caseId}`, {
    headers: { 'cv-api-key': organization.apiKey, 'content-type': 'application/json' },
    body: { ...body, order: { ...body.order, diagnosis } },
  });
}

async function rowsOf(key: string): Promise<[orders: number, outbox: number, activity: number]> {
  const orders = await db.database`SELECT id FROM orders WHERE idempotency_key = ${key}`;
  const ids = orders.map(({ id }) => id as string);
  const outbox = await db.database`SELECT FROM outbox WHERE order_id = ANY(${ids})`;
  const activity = await db.database`SELECT FROM order_activity WHERE order_id = ANY(${ids})`;
  return [orders.length, outbox.length, activity.length];
}

it.each([
  ['before Postgres has the statement', 'before', [200]],
  ['while Postgres runs the statement', 'after', [200, 409]],
  ['behind the commit, before its answer is read', 'answered', [409]],
] as const)(
  'makes one order when the connection breaks %s and the client sends again',
  async (_what, moment, expected) => {
    for (let round = 0; round < 10; round += 1) {
      const [key, diagnosis] = [randomUUID(), `mark-${randomUUID()}`];
      proxy.breakOn(diagnosis, moment);

      const lost = await place(key, diagnosis);
      const again = await place(key, diagnosis);

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

it('gives the lost answer to a client that asks for the replay', async () => {
  const [key, diagnosis] = [randomUUID(), `mark-${randomUUID()}`];
  proxy.breakOn(diagnosis, 'answered');
  expect((await place(key, diagnosis)).status).toBe(503);

  const body = exampleWithKey(key);
  const again = await sendTo(app.url, 'POST', `/api/v1/cases/${organization.caseId}`, {
    headers: {
      'cv-api-key': organization.apiKey,
      'content-type': 'application/json',
      'idempotency-mode': 'replay',
    },
    body: { ...body, order: { ...body.order, diagnosis } },
  });

  expect(again.status).toBe(200);
  expect(again.headers.get('idempotency-replayed')).toBe('true');
  const [row] = await db.database`SELECT id FROM orders WHERE idempotency_key = ${key}`;
  expect(again.json.data.order.id).toBe(row!['id']);
});

it('never answers 200 for an order that is not stored', async () => {
  const keys = Array.from({ length: 30 }, () => randomUUID());
  const answers = await Promise.all(
    keys.map(async (key, index) => {
      const diagnosis = `mark-${randomUUID()}`;
      if (index % 10 === 0) proxy.breakOn(diagnosis, index % 20 === 0 ? 'after' : 'before');
      return { key, answer: await place(key, diagnosis) };
    }),
  );

  for (const { key, answer } of answers) {
    expect([200, 503]).toContain(answer.status);
    if (answer.status === 200) expect(await rowsOf(key)).toEqual([1, 1, 1]);
  }
  expect(answers.some(({ answer }) => answer.status === 200)).toBe(true);
});
