import { beforeAll, expect, it } from 'vitest';
import { superuserUrl } from '../../sandbox/database-url.ts';
import { openDatabase } from '../../src/storage/database.ts';
import { useConsole } from '../support/console.ts';
import { FILLED, fillDatabase } from '../support/fill-database.ts';

// The lists of the console with 10,000 orders, their deliveries and their rows of the audit log.

const ORDERS = 10_000;
/** Without documents. */
const MOST_BYTES = 60_000;

const { use, at, logIn } = useConsole();
beforeAll(async () => {
  const { stack } = use().test;
  const url = superuserUrl(stack.databaseUrl);
  // The worker would seal rows while they are filled in.
  stack.kill('worker', 'SIGSTOP');
  const sql = openDatabase(url, 1, { settings: { session_replication_role: 'replica' } });
  await sql`TRUNCATE audit_log, audit_seals, audit_head`;
  await sql.end();
  await fillDatabase(url, ORDERS);
  stack.kill('worker', 'SIGCONT');
}, 120_000);

it.each([
  ['/', 'Completed per hour'],
  ['/attention', '7 orders'],
  ['/orders', 'The newest 100'],
  [`/orders?pharmacy=${FILLED.rarePharmacyId}`, '7 orders'],
  ['/messages', 'Link to an order'],
  ['/pharmacies', 'Calls and webhooks of the last 24 hours'],
  ['/endpoints', '2 endpoints'],
  [`/endpoints/${FILLED.endpointId}`, 'Earlier deliveries'],
  ['/audit', 'Earlier rows'],
])('shows %s within its weight', { timeout: 60_000 }, async (route, text) => {
  const { page } = use();
  await logIn('operator');
  const answer = await page.goto(at(route));
  expect((await answer?.body())?.length).toBeLessThan(MOST_BYTES);
  await page.getByText(text).first().waitFor();
});
