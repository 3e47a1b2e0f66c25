import { readOrderRow } from '../src/activities/order-row.ts';
import { acceptOrder } from '../src/orders/accept-order.ts';
import { type Database, openDatabase } from '../src/storage/database.ts';
import { examplePlaceOrder } from '../test/support/example.ts';
import {
  createOrganization,
  ENCRYPTION_KEYS,
  HASH_SECRET,
  TESTER,
} from '../test/support/organization.ts';
import { withKeysOf } from '../test/support/sealed-rows.ts';
import { time, withBenchDatabase } from './bench-database.ts';
import { clearKeys } from './clear-keys.ts';

// Measures what encryption costs: accepts and reads orders with real keys and with keys that encrypt
// nothing, in turns on one Postgres. Machines differ, so the results are ratios, on the last line.

const CLIENTS = 32;
const ROUNDS = 5;
const PER_ROUND = 800;
const LOAD = { clients: CLIENTS, runs: PER_ROUND };

await withBenchDatabase(async (create) => {
  const url = await create('bench');
  const sealed = openDatabase(url, CLIENTS, withKeysOf(ENCRYPTION_KEYS));
  const clear = Object.assign(openDatabase(url, CLIENTS), { keys: clearKeys });
  const [on, off] = [await prepare(sealed), await prepare(clear)];
  const seconds = { acceptOn: 0, acceptOff: 0, readOn: 0, readOff: 0 };
  for (let round = 0; round <= ROUNDS; round += 1) {
    const spent = {
      acceptOff: await time(LOAD, off.accept),
      acceptOn: await time(LOAD, on.accept),
      readOff: await time(LOAD, off.read),
      readOn: await time(LOAD, on.read),
    };
    if (round === 0) continue; // the first round warms up
    for (const name of Object.keys(seconds) as (keyof typeof seconds)[])
      seconds[name] += spent[name];
  }
  await sealed.end();
  await clear.end();
  const ratio = (a: number, b: number) => Number((a / b).toFixed(2));
  for (const [name, spent] of Object.entries(seconds)) {
    console.log(`${name}: ${((ROUNDS * PER_ROUND) / spent).toFixed(0)} a second`);
  }
  console.log(
    JSON.stringify({
      orders: ROUNDS * PER_ROUND,
      clients: CLIENTS,
      acceptEncryptedToClear: ratio(seconds.acceptOff, seconds.acceptOn),
      readEncryptedToClear: ratio(seconds.readOff, seconds.readOn),
    }),
  );
});

async function prepare(database: Database) {
  const { organizationId, caseId } = await createOrganization(database);
  const { order } = examplePlaceOrder();
  const request = { action: 'PLACE_ORDER' as const, order };
  const accept = () =>
    acceptOrder(database, HASH_SECRET, { organizationId, caseId, request, by: TESTER });
  const { orderId } = await accept();
  return { accept, read: () => readOrderRow(database, orderId) };
}
