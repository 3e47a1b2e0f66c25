import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { readTableSizes } from '../src/operators/table-sizes.ts';
import { startOurs } from './support/contenders.ts';
import { numbers } from './support/options.ts';
import { type World, withWorld } from './support/world.ts';

/*
 *   npm run bench -- sizes [--orders N]
 *
 * Measures what an order leaves in each table of Postgres and in Temporal's store, and what that makes of 10,000 and of
 * 1,000,000 orders a day: in a day, and at the end of a year with and without the recommended retention times. An order
 * has two documents, one message of the pharmacy and one endpoint that gets one of its events.
 */

const options = numbers({ orders: 2_000, 'warm-up': 100 });
/** Tables whose rows go after a time, with the recommended days (docs/growth.md). */
const KEPT_DAYS: Readonly<Record<string, number>> = {
  ...{ events: 30, webhook_deliveries: 30, webhook_attempts: 30 },
  ...{ inbox: 90, audit_log: 90, audit_seals: 90 },
};
/** The dispatcher deletes its rows, and Postgres uses their space again. */
const USED_AGAIN = 'outbox';
const TEMPORAL_DAYS = 7;
const YEAR = 365;
const LOADS = [10_000, 1_000_000];

await withWorld(async (world) => {
  const ours = await startOurs(world);
  await ours.burst(options['warm-up'], 16);
  const before = await sizes(world);
  await ours.burst(options.orders, 16);
  const after = await sizes(world);
  const perOrder = Object.fromEntries(
    Object.entries(after)
      .map(([name, bytes]) => [name, Math.round((bytes - (before[name] ?? 0)) / options.orders)])
      .filter(([, bytes]) => bytes !== 0),
  ) as Record<string, number>;
  const { temporal = 0, ...tables } = perOrder;
  const sum = (days: (table: string) => number) =>
    Object.entries(tables)
      .filter(([table]) => table !== USED_AGAIN)
      .reduce((total, [table, bytes]) => total + bytes * days(table), 0);
  const postgres = sum(() => 1);
  const kept = sum((table) => Math.min(KEPT_DAYS[table] ?? YEAR, YEAR));
  const gigabytes = (bytes: number) => Number((bytes / 1e9).toFixed(2));
  const loads = LOADS.map((ordersADay) => ({
    ordersADay,
    postgresGbADay: gigabytes(postgres * ordersADay),
    postgresGbAfterAYear: gigabytes(postgres * YEAR * ordersADay),
    postgresGbAfterAYearPruned: gigabytes(kept * ordersADay),
    temporalGb: gigabytes(temporal * TEMPORAL_DAYS * ordersADay),
  }));
  console.log(
    JSON.stringify({ sizes: { options, bytesPerOrder: { postgres, ...perOrder }, loads } }),
  );
  await ours.database?.connection.end();
});

/** The bytes of each table after vacuum, and of Temporal's store. */
async function sizes({ database, stack }: World): Promise<Record<string, number>> {
  await database.unsafe('VACUUM ANALYZE');
  const tables = await readTableSizes(database);
  const files = await readdir(stack.dataDir, { recursive: true });
  let temporal = 0;
  for (const file of files.filter((name) => path.basename(name).startsWith('temporal.db'))) {
    temporal += (await stat(path.join(stack.dataDir, file))).size;
  }
  return { temporal, ...Object.fromEntries(tables.map(({ table, bytes }) => [table, bytes])) };
}
