import { afterAll, beforeAll, expect, it } from 'vitest';
import { superuserUrl, urlOfRole } from '../../../sandbox/database-url.ts';
import { type Database, openDatabase } from '../../../src/storage/database.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { fillDatabase } from '../../support/fill-database.ts';
import { type FilledPools, listStatements } from '../../support/list-statements.ts';
import { ENCRYPTION_KEYS } from '../../support/organization.ts';
import { readRowsRead } from '../../support/rows-read.ts';
import { withKeysOf } from '../../support/sealed-rows.ts';

/*
 * Every list, look-up and sweep reads the rows of its answer and few others, with each combination of its filters, while
 * the tables have more rows. A filter that the schema of a query gains is listed by itself.
 */

const ORDERS = 12_000;
/** More than any page reads, and less than any list that reads past the rows of other orders. */
const MOST_ROWS = 3_000;
/**
 * The figures of a day read the orders of that day a few times: the database has one a minute. Earlier versions of Postgres
 * prefer to read all orders when one in eight is of the day.
 */
const MOST_ROWS_OF_A_DAY = 9_000;
const IS_EARLIER = process.env['TEST_POSTGRES_VERSION'] !== undefined;
/** More than the five executions after which Postgres may choose another plan. */
const RUNS = 7;
/** Tables that have a row for each order, or more. */
const GROWING = [
  ...['audit_log', 'audit_seals', 'cases', 'documents', 'events', 'inbox', 'order_activity'],
  ...['orders', 'shipments', 'webhook_attempts', 'webhook_deliveries'],
];

let db: TestDatabase;
let pools: FilledPools;
let statistics: Database;
beforeAll(async () => {
  db = await createTestDatabase();
  await fillDatabase(superuserUrl(db.url), ORDERS);
  const open = (role: 'server' | 'worker' | 'operator') =>
    openDatabase(urlOfRole(db.url, role), 1, withKeysOf(ENCRYPTION_KEYS));
  pools = { server: open('server'), worker: open('worker'), operator: open('operator') };
  statistics = openDatabase(superuserUrl(db.url), 1);
}, 120_000);
afterAll(async () => {
  const opened = [pools.server, pools.worker, pools.operator, statistics];
  await Promise.all(opened.map((pool) => pool.end()));
  await db.drop();
});

it('reads no table from its beginning to its end, and no more rows than a few pages', async () => {
  const statements = await listStatements(pools);
  const faults: string[] = [];
  const rowsRead = () => readRowsRead(Object.values(pools), statistics);
  for (const { name, run, isOfDay } of statements) {
    if (isOfDay === true && IS_EARLIER) continue;
    const most = isOfDay === true ? MOST_ROWS_OF_A_DAY : MOST_ROWS;
    const before = await rowsRead();
    for (let n = 0; n < RUNS; n += 1) await run();
    const now = await rowsRead();
    for (const table of GROWING) {
      const [was, is] = [before.get(table), now.get(table)];
      const rows = Math.round(((is?.rows ?? 0) - (was?.rows ?? 0)) / RUNS);
      const scans = (is?.scans ?? 0) - (was?.scans ?? 0);
      if (rows > most || scans > 0) {
        faults.push(`${name}: ${rows} rows of ${table}, ${scans} sequential scans`);
      }
    }
  }
  expect(statements.length).toBeGreaterThan(200);
  expect(faults).toEqual([]);
}, 240_000);
