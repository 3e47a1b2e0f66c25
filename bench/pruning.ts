import { performance } from 'node:perf_hooks';
import { superuserUrl, urlOfRole } from '../sandbox/database-url.ts';
import { type Database, openDatabase } from '../src/storage/database.ts';
import { pruneEvents } from '../src/upkeep/prune-rows.ts';
import { fillDatabase } from '../test/support/fill-database.ts';
import { withBenchDatabase } from './bench-database.ts';
import { numbers } from './support/options.ts';

/*
 *   npm run bench -- pruning [--orders N]
 *
 * Compares deleting old events in batches, as workers do, with dropping a partition of a copy of the table: rows, WAL,
 * time, and the size of the table after as many new rows. It also looks rows up by id, which partitions by time do
 * not know. An order has three events.
 */

const options = numbers({ orders: 200_000, 'look-ups': 2_000, partitions: 30 });
const BATCH = 500;

await withBenchDatabase(async (create) => {
  const url = await create('pruning');
  await fillDatabase(superuserUrl(url), options.orders);
  const admin = openDatabase(superuserUrl(url), 1, { statementLimitMs: 0 });
  const worker = openDatabase(urlOfRole(url, 'worker'), 1);
  try {
    await admin`DELETE FROM webhook_attempts`;
    await admin`DELETE FROM webhook_deliveries`;
    await copyIntoPartitions(admin);
    const batches = await deleteInBatches(admin, worker);
    const dropped = await dropPartition(admin);
    const lookUpMs = {
      table: await lookUp(admin, 'events'),
      partitions: await lookUp(admin, 'events_by_time'),
    };
    console.log(JSON.stringify({ pruning: { options, batches, dropped, lookUpMs } }));
  } finally {
    await Promise.all([admin.end(), worker.end()]);
  }
});

async function deleteInBatches(admin: Database, worker: Database) {
  const [row] = await admin<{ before: Date; rows: number }[]>`
    SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY created_at) AS before, count(*)::int AS rows
    FROM events`;
  if (row === undefined) throw new Error('there are no events');
  const bytesBefore = await bytesOf(admin, 'events');
  const walBefore = await walOf(admin);
  const began = performance.now();
  const times: number[] = [];
  let [deleted, after]: [number, string | null] = [0, null];
  do {
    const start = performance.now();
    const batch = await pruneEvents(worker, { after, before: row.before, most: BATCH });
    times.push(performance.now() - start);
    deleted += batch.deleted['events'] ?? 0;
    after = batch.last;
  } while (after !== null);
  const seconds = (performance.now() - began) / 1_000;
  const wal = (await walOf(admin)) - walBefore;
  await admin`VACUUM events`;
  await admin.unsafe(`
    SET session_replication_role = replica;
    INSERT INTO events (id, organization_id, event, content, created_at)
    SELECT uuidv7(), organization_id, event, content, now() FROM events_by_time LIMIT ${deleted};
    SET session_replication_role = DEFAULT`);
  times.sort((a, b) => a - b);
  const at = (share: number) => Number((times[Math.floor(times.length * share)] ?? 0).toFixed(1));
  return {
    ...{ rows: row.rows, deleted, rowsPerSecond: Math.round(deleted / seconds) },
    ...{ walBytesPerRow: Math.round(wal / deleted), batchMsP50: at(0.5), batchMsP99: at(0.99) },
    ...{ mbBefore: mb(bytesBefore), mbAfterAsManyNew: mb(await bytesOf(admin, 'events')) },
  };
}

/** Copies the events into partitions of equal time, with the same indexes as far as partitions allow them. */
async function copyIntoPartitions(admin: Database): Promise<void> {
  const [range] = await admin<{ first: Date; last: Date }[]>`
    SELECT min(created_at) AS first, max(created_at) AS last FROM events`;
  if (range === undefined) throw new Error('there are no events');
  await admin.unsafe(`
    CREATE TABLE events_by_time (LIKE events INCLUDING DEFAULTS) PARTITION BY RANGE (created_at);
    CREATE INDEX ON events_by_time (id);
    CREATE INDEX ON events_by_time (order_id, sequence);
    CREATE INDEX ON events_by_time (organization_id, event, transaction_id, position);
    CREATE INDEX ON events_by_time (organization_id, transaction_id, position)`);
  const first = range.first.getTime();
  const step = (range.last.getTime() + 1_000 - first) / options.partitions;
  for (let n = 0; n < options.partitions; n += 1) {
    const from = new Date(Math.floor(first + n * step)).toISOString();
    const to = new Date(Math.floor(first + (n + 1) * step)).toISOString();
    await admin.unsafe(
      `CREATE TABLE events_${n} PARTITION OF events_by_time FOR VALUES FROM ('${from}') TO ('${to}')`,
    );
  }
  await admin.unsafe('INSERT INTO events_by_time SELECT * FROM events; ANALYZE events_by_time');
}

async function dropPartition(admin: Database) {
  const [row] = await admin<{ rows: number }[]>`SELECT count(*)::int AS rows FROM events_0`;
  const walBefore = await walOf(admin);
  const began = performance.now();
  await admin`DROP TABLE events_0`;
  return {
    ...{ rows: row?.rows ?? 0, ms: Number((performance.now() - began).toFixed(1)) },
    walBytes: (await walOf(admin)) - walBefore,
  };
}

/** The milliseconds of reading an event by its id, as a delivery does. */
async function lookUp(admin: Database, table: string): Promise<number> {
  const rows = await admin<{ id: string }[]>`
    SELECT id FROM events_by_time ORDER BY random() LIMIT ${options['look-ups']}`;
  const began = performance.now();
  for (const { id } of rows) await admin`SELECT content FROM ${admin(table)} WHERE id = ${id}`;
  return Number(((performance.now() - began) / rows.length).toFixed(3));
}

async function bytesOf(admin: Database, table: string): Promise<number> {
  const [row] = await admin<{ bytes: number }[]>`
    SELECT pg_total_relation_size(${table}::regclass)::float8 AS bytes`;
  return row?.bytes ?? 0;
}

async function walOf(admin: Database): Promise<number> {
  const [row] = await admin<{ at: number }[]>`
    SELECT (pg_current_wal_lsn() - '0/0')::float8 AS at`;
  return row?.at ?? 0;
}

function mb(bytes: number): number {
  return Math.round(bytes / 1e6);
}
