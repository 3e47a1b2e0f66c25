import { afterAll, beforeAll, expect, it } from 'vitest';
import { superuserUrl, urlOfRole } from '../../../sandbox/database-url.ts';
import { type Database, openDatabase } from '../../../src/storage/database.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { fillDatabase } from '../../support/fill-database.ts';
import { type FilledPools, listStatements } from '../../support/list-statements.ts';
import { ENCRYPTION_KEYS } from '../../support/organization.ts';
import { withKeysOf } from '../../support/sealed-rows.ts';

/*
 * Every list, look-up and sweep reads the rows of its answer and few others, with each combination of its filters, while
 * the tables have more rows. A filter that the schema of a query gains is listed by itself.
 */

const ORDERS = 12_000;
/** More than any page reads, and less than any list that reads past the rows of other orders. */
const MOST_ROWS = 3_000;
/** More than the five executions after which Postgres may choose another plan. */
const RUNS = 7;
/** Tables that have a row for each order, or more. */
const GROWING = [
  ...['audit_log', 'cases', 'documents', 'events', 'inbox', 'order_activity', 'orders'],
  ...['shipments', 'webhook_attempts', 'webhook_deliveries'],
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

/** How many rows each table has had read so far, by an index or sequentially. */
async function rowsRead() {
  for (const pool of Object.values(pools)) await pool`SELECT pg_stat_force_next_flush()`;
  const rows = await statistics<{ name: string; scans: number; rows: number }[]>`
    SELECT relname AS name, seq_scan::int AS scans,
      (seq_tup_read + (SELECT coalesce(sum(idx_tup_read), 0) FROM pg_stat_user_indexes AS i WHERE i.relid = t.relid))::int
        AS rows
    FROM pg_stat_user_tables AS t WHERE relname IN ${statistics(GROWING)}`;
  return new Map(rows.map(({ name, ...read }) => [name, read]));
}

it('reads no table from its beginning to its end, and no more rows than a few pages', async () => {
  const statements = await listStatements(pools);
  const faults: string[] = [];
  for (const { name, run } of statements) {
    const before = await rowsRead();
    for (let n = 0; n < RUNS; n += 1) await run();
    for (const [table, after] of await rowsRead()) {
      const rows = Math.round((after.rows - (before.get(table)?.rows ?? 0)) / RUNS);
      const scans = after.scans - (before.get(table)?.scans ?? 0);
      if (rows > MOST_ROWS || scans > 0) {
        faults.push(`${name}: ${rows} rows of ${table}, ${scans} sequential scans`);
      }
    }
  }
  expect(statements.length).toBeGreaterThan(200);
  expect(faults).toEqual([]);
}, 240_000);
