import { Client, Connection } from '@temporalio/client';
import type { FastifyInstance } from 'fastify';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { superuserUrl, urlOfRole } from '../../../sandbox/database-url.ts';
import { verifyAuditLog } from '../../../src/audit/verify-audit-log.ts';
import { createSealedDocuments } from '../../../src/documents/sealed-documents.ts';
import { createConsole } from '../../../src/http/console/app.ts';
import { createFailedAttempts } from '../../../src/http/edge/failed-attempts.ts';
import { createEndpointService } from '../../../src/notifications/endpoints/endpoint-service.ts';
import { createSender } from '../../../src/notifications/sending/sender.ts';
import { readChangeMark } from '../../../src/operators/change-mark.ts';
import { createLogin } from '../../../src/operators/console-sessions.ts';
import { readOverview } from '../../../src/operators/overview.ts';
import { type Database, openDatabase } from '../../../src/storage/database.ts';
import { startBrowser } from '../../support/browser.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { FILLED, fillDatabase } from '../../support/fill-database.ts';
import { LOOPBACK } from '../../support/foreign.ts';
import { createKeptLog } from '../../support/logs.ts';
import { createMemoryStore } from '../../support/memory-store.ts';
import { ENCRYPTION_KEYS, HASH_SECRET } from '../../support/organization.ts';
import { withKeysOf } from '../../support/sealed-rows.ts';

// The lists of the console with 10,000 orders, their deliveries and their rows of the audit log, in a real browser.

const ORDERS = 10_000;
/** Without documents. */
const MOST_BYTES = 60_000;
const SENDER = createSender(LOOPBACK);
const CONNECTION = Connection.lazy();

let test: TestDatabase;
let operator: Database;
let app: FastifyInstance;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  [test, browser] = await Promise.all([createTestDatabase(), startBrowser()]);
  await fillDatabase(superuserUrl(test.url), ORDERS);
  operator = openDatabase(urlOfRole(test.url, 'operator'), 4, withKeysOf(ENCRYPTION_KEYS));
  const log = createKeptLog();
  const url = 'http://127.0.0.1';
  app = createConsole(
    {
      ...{ database: operator, hashSecret: HASH_SECRET, singleSignOn: undefined, log },
      temporal: new Client({ connection: CONNECTION }),
      documents: createSealedDocuments(createMemoryStore()),
      endpoints: createEndpointService(operator, { ...LOOPBACK, sender: SENDER }),
      readMark: () => readChangeMark(operator),
      readOverview: () => readOverview(operator),
      examine: () => Promise.resolve([]),
      verify: () => verifyAuditLog(operator),
      workflowUrl: (workflowId) => `${url}/${workflowId}`,
    },
    { url, failedLogins: createFailedAttempts({ burst: 20, perSecond: 1 }, log) },
  );
  await app.listen({ host: '127.0.0.1', port: 0 });
  page = await browser.newPage({ baseURL: app.listeningOrigin });
  const key = await createLogin(operator, { operator: 'anna', role: 'operator' });
  await page.goto(`/login?key=${key}`);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
}, 120_000);
afterAll(async () => {
  await browser.close();
  await app.close();
  SENDER.close();
  await CONNECTION.close();
  await operator.end();
  await test.drop();
});

it.each([
  ['/', 'Completed per hour'],
  ['/attention', '7 orders'],
  ['/orders', 'The newest 100'],
  [`/orders?pharmacy=${FILLED.rarePharmacyId}`, '7 orders'],
  ['/messages', 'Link to an order'],
  ['/pharmacies', 'No pharmacy is set up'],
  ['/endpoints', '2 endpoints'],
  [`/endpoints/${FILLED.endpointId}`, 'Earlier deliveries'],
  ['/audit', 'Earlier rows'],
])('shows %s within its weight', { timeout: 60_000 }, async (route, text) => {
  const answer = await page.goto(route);
  expect((await answer?.body())?.length).toBeLessThan(MOST_BYTES);
  await page.getByText(text).first().waitFor();
});
