import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { superuserUrl } from '../../../sandbox/database-url.ts';
import { createLogin } from '../../../src/operators/console-sessions.ts';
import { startBrowser } from '../../support/browser.ts';
import { startConsole, type TestConsole } from '../../support/console-app.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { FILLED, fillDatabase } from '../../support/fill-database.ts';

// The lists of the console with 10,000 orders, their deliveries and their rows of the audit log, in a real browser.

const ORDERS = 10_000;
/** Without documents. */
const MOST_BYTES = 60_000;

let test: TestDatabase;
let served: TestConsole;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  [test, browser] = await Promise.all([createTestDatabase(), startBrowser()]);
  await fillDatabase(superuserUrl(test.url), ORDERS);
  served = await startConsole(test.url);
  page = await browser.newPage({ baseURL: served.url });
  const key = await createLogin(served.operator, { operator: 'anna', role: 'operator' });
  await page.goto(`/login?key=${key}`);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
}, 120_000);
afterAll(async () => {
  await browser.close();
  await served.close();
  await test.drop();
});

it.each([
  ['/', 'Completed per hour'],
  ['/attention', '7 orders'],
  ['/orders', 'The newest 100'],
  [`/orders?pharmacy=${FILLED.rarePharmacyId}`, '7 orders'],
  ['/messages', 'Link to an order'],
  ['/pharmacies', FILLED.rarePharmacyId],
  ['/endpoints', '2 endpoints'],
  [`/endpoints/${FILLED.endpointId}`, 'Earlier deliveries'],
  ['/audit', 'Earlier rows'],
])('shows %s within its weight', { timeout: 60_000 }, async (route, text) => {
  const answer = await page.goto(route);
  expect((await answer?.body())?.length).toBeLessThan(MOST_BYTES);
  await page.getByText(text).first().waitFor();
});
