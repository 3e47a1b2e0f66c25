import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { startStack } from '../src/embedded/stack.ts';
import { acceptOrder } from '../src/orders/accept-order.ts';
import { type Database, openDatabase } from '../src/storage/database.ts';
import { migrate } from '../src/storage/migrate.ts';
import { testEnvironment } from '../test/support/environment.ts';
import { examplePlaceOrder } from '../test/support/example.ts';
import { createOrganization, ENCRYPTION_KEYS, HASH_SECRET } from '../test/support/organization.ts';
import { withKeysOf } from '../test/support/sealed-rows.ts';

// What accepting an order costs, against one plain INSERT and against the same rows
// written by separate statements, all in one run on one Postgres, the kinds taking turns. Machines
// differ and are noisy: the ratios are the result, on the last line.

const CLIENTS = 32;
const ROUNDS = 5;
const PER_ROUND = 800;

const dataDir = await mkdtemp(path.join(os.tmpdir(), 'rx-bench-'));
const stack = await startStack({
  dataDir,
  ports: 'free',
  env: testEnvironment(),
  log: { write: () => true },
  news: process.stderr,
});
try {
  // Beside the stack's own database, so that no worker takes what is accepted here.
  const server = openDatabase(stack.databaseUrl, 1);
  await server.unsafe('CREATE DATABASE bench');
  await server.end();
  const url = new URL(stack.databaseUrl);
  url.pathname = '/bench';
  await migrate(url.href);
  const database = openDatabase(url.href, CLIENTS, withKeysOf(ENCRYPTION_KEYS));
  const rates = await measure(database);
  await database.end();
  const ratio = (a: number, b: number) => Number((a / b).toFixed(2));
  console.log(
    JSON.stringify({
      orders: ROUNDS * PER_ROUND,
      clients: CLIENTS,
      acceptToPlainInsert: ratio(rates.accept, rates.insert),
      acceptToSeparateStatements: ratio(rates.accept, rates.separate),
    }),
  );
} finally {
  await stack.stop();
  await rm(dataDir, { recursive: true, force: true });
}

async function measure(
  database: Database,
): Promise<Record<'insert' | 'separate' | 'accept', number>> {
  const { organizationId, caseId } = await createOrganization(database);
  const { order } = examplePlaceOrder();
  const request = { action: 'PLACE_ORDER' as const, order };
  await database`CREATE TABLE plain (id uuid PRIMARY KEY, body json NOT NULL)`;
  const kinds = {
    insert: () =>
      database`INSERT INTO plain VALUES (gen_random_uuid(), ${JSON.stringify(order)}::text::json)`,
    separate: () =>
      database.begin(async (tx) => {
        const [row] = await tx<{ id: string }[]>`
          INSERT INTO orders (
            id, organization_id, case_id, pharmacy_id, status, fingerprint, prescription)
          VALUES (gen_random_uuid(), ${organizationId}, ${caseId}, ${order.pharmacyId}, 'ACCEPTED',
            '', ${JSON.stringify(order)})
          RETURNING id`;
        const id = row?.id ?? '';
        await tx`
          INSERT INTO order_activity (order_id, actor, event, to_status)
          VALUES (${id}, 'api', 'ORDER_ACCEPTED', 'ACCEPTED')`;
        await tx`
          INSERT INTO outbox (order_id, organization_id, kind)
          VALUES (${id}, ${organizationId}, 'start')`;
      }),
    accept: () => acceptOrder(database, HASH_SECRET, { organizationId, caseId, request }),
  };
  const seconds = { insert: 0, separate: 0, accept: 0 };
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const kind of ['insert', 'separate', 'accept'] as const) {
      const spent = await time(kinds[kind]);
      if (round > 0) seconds[kind] += spent; // the first round warms up
    }
  }
  const total = ROUNDS * PER_ROUND;
  const rates = {
    insert: total / seconds.insert,
    separate: total / seconds.separate,
    accept: total / seconds.accept,
  };
  for (const [kind, rate] of Object.entries(rates))
    console.log(`${kind}: ${rate.toFixed(0)} a second`);
  return rates;
}

/** Seconds that {@link CLIENTS} clients take for {@link PER_ROUND} runs together. */
async function time(run: () => PromiseLike<unknown>): Promise<number> {
  const start = performance.now();
  let left = PER_ROUND;
  const client = async () => {
    while ((left -= 1) >= 0) await run();
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return (performance.now() - start) / 1000;
}
