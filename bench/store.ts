import { urlOfRole } from '../sandbox/database-url.ts';
import { recordAudit } from '../src/audit/record-audit.ts';
import { acceptOrder } from '../src/orders/accept-order.ts';
import { type Database, openDatabase } from '../src/storage/database.ts';
import { withKeys } from '../src/storage/transaction.ts';
import { examplePlaceOrder } from '../test/support/example.ts';
import {
  createOrganization,
  ENCRYPTION_KEYS,
  HASH_SECRET,
  TESTER,
} from '../test/support/organization.ts';
import { withKeysOf } from '../test/support/sealed-rows.ts';
import { time, withBenchDatabase } from './bench-database.ts';

// Measures what storing an accepted order costs, without HTTP, compared with one plain INSERT and with the same rows in
// separate statements. All kinds run in turns on one Postgres. Machines differ and are noisy, so the
// results are ratios, on the last line.

const CLIENTS = 32;
const ROUNDS = 5;
const PER_ROUND = 800;

await withBenchDatabase(async (create) => {
  const url = await create('bench');
  const database = openDatabase(url, CLIENTS, withKeysOf(ENCRYPTION_KEYS));
  const server = openDatabase(urlOfRole(url, 'server'), CLIENTS, withKeysOf(ENCRYPTION_KEYS));
  const rates = await measure(database, server);
  await Promise.all([database.end(), server.end()]);
  const ratio = (a: number, b: number) => Number((a / b).toFixed(2));
  console.log(
    JSON.stringify({
      orders: ROUNDS * PER_ROUND,
      clients: CLIENTS,
      storeToPlainInsert: ratio(rates.accept, rates.insert),
      storeToSeparateStatements: ratio(rates.accept, rates.separate),
    }),
  );
});

async function measure(
  database: Database,
  server: Database,
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
        const subject = { organizationId, caseId, orderId: id };
        await recordAudit(withKeys(tx, database), {
          ...{ ...TESTER, ...subject, action: 'ORDER_PLACED', result: 'OK' },
        });
      }),
    accept: () => acceptOrder(server, HASH_SECRET, { organizationId, caseId, request, by: TESTER }),
  };
  const seconds = { insert: 0, separate: 0, accept: 0 };
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const kind of ['insert', 'separate', 'accept'] as const) {
      const spent = await time({ clients: CLIENTS, runs: PER_ROUND }, kinds[kind]);
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
