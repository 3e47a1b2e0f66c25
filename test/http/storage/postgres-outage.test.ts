import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../../src/storage/database.ts';
import { startApp, type TestApp } from '../../support/app.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';
import {
  createOrganization,
  ENCRYPTION_KEYS,
  type TestOrganization,
} from '../../support/organization.ts';
import { createPharmacy, type TestPharmacy } from '../../support/pharmacy.ts';
import { withKeysOf } from '../../support/sealed-rows.ts';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';
import { type Answer, exampleWithoutKey, sendTo } from '../../support/test-api.ts';

/** The target is two seconds; this leaves room for a busy machine. */
const SOON_MS = 5_000;

let db: TestDatabase;
let proxy: TcpProxy;
let behindProxy: Database;
let app: TestApp;
let organization: TestOrganization;
let pharmacy: TestPharmacy;
beforeAll(async () => {
  db = await createTestDatabase();
  const url = new URL(db.serverUrl);
  proxy = await startTcpProxy({ host: url.hostname, port: Number(url.port) });
  url.hostname = '127.0.0.1';
  url.port = String(proxy.port);
  behindProxy = openDatabase(url.href, 5, withKeysOf(ENCRYPTION_KEYS));
  app = await startApp(behindProxy);
  organization = await createOrganization(db.database);
  pharmacy = await createPharmacy(db.database);
});
afterEach(() => proxy.restore());
afterAll(async () => {
  await app.close();
  await behindProxy.end({ timeout: 2 });
  await proxy.close();
  await db.drop();
});

function place(): Promise<Answer> {
  return sendTo(app.url, 'POST', `/api/v1/cases/${organization.caseId}`, {
    headers: { 'cv-api-key': organization.apiKey, 'content-type': 'application/json' },
    body: exampleWithoutKey(),
  });
}

function read(path: string): Promise<Answer> {
  return sendTo(app.url, 'GET', path, { headers: { 'cv-api-key': organization.apiKey } });
}

async function timed<T>(what: Promise<T>): Promise<{ result: T; ms: number }> {
  const start = performance.now();
  const result = await what;
  return { result, ms: performance.now() - start };
}

function expectUnavailable(answer: Answer): void {
  expect(answer.status).toBe(503);
  expect(answer.json).toMatchObject({
    status: 503,
    success: false,
    message: 'Service unavailable',
  });
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
}

async function recovers(): Promise<void> {
  await eventually('an order is accepted', async () => (await place()).status === 200, 10_000);
}

describe.each([
  ['refuses connections', () => proxy.refuse()],
  ['answers nothing', async () => proxy.freeze()],
])('while Postgres %s', (_what, breakPostgres) => {
  it('answers 503 with Retry-After soon, and recovers with Postgres', async () => {
    await recovers();
    await breakPostgres();

    const { result: answers, ms } = await timed(Promise.all([1, 2, 3].map(place)));

    for (const answer of answers) expectUnavailable(answer);
    expect(ms).toBeLessThan(SOON_MS);
    await proxy.restore();
    await recovers();
  });

  it('answers reads and webhooks the same way', async () => {
    await recovers();
    await breakPostgres();

    const order = `/api/v1/cases/${organization.caseId}/orders/0190c000-0000-7000-8000-000000000000`;
    const { result: answers, ms } = await timed(
      Promise.all([
        read(order),
        read(`${order}/documents`),
        pharmacy.tell(app.url, { type: 'order.completed', data: { id: 'ph-1' } }),
      ]),
    );

    for (const answer of answers) expectUnavailable(answer);
    expect(ms).toBeLessThan(SOON_MS);
  });

  it('is alive but not ready, and says why', async () => {
    await breakPostgres();

    expect((await read('/healthz')).status).toBe(200);
    const ready = await read('/readyz');
    expect(ready.status).toBe(503);
    expect(ready.headers.has('retry-after')).toBe(true);
    expect(ready.json).toMatchObject({
      success: false,
      data: { postgres: 'down', temporal: 'up' },
    });
  });

  it('still answers requests that need no database', async () => {
    await breakPostgres();

    expect((await read('/nowhere')).status).toBe(404);
    const withoutKey = await sendTo(app.url, 'POST', '/api/v1/cases/x');
    expect(withoutKey.json.error).toBe('cv-api-key is required');
  });

  it('recovers after many failed requests', async () => {
    await recovers();
    await breakPostgres();

    const answers = await Promise.all(Array.from({ length: 40 }, place));

    for (const answer of answers) expectUnavailable(answer);
    await proxy.restore();
    await recovers();
  });
});

it('mentions no host, address or statement of the database in answers or in the log', async () => {
  await proxy.refuse();

  const { text } = await place();

  const written = text + JSON.stringify(app.log.lines);
  expect(written).not.toContain(String(proxy.port));
  expect(written).not.toMatch(/SELECT|INSERT/);
  expect(app.log.lines.some(({ level }) => level === 'warn')).toBe(true);
});
