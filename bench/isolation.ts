import { setTimeout as sleep } from 'node:timers/promises';
import { HOSTILE, startHostilePharmacies } from '../simulator/hostile-pharmacies.ts';
import { openDatabase } from '../src/storage/database.ts';
import { addHostilePharmacies } from '../test/support/add-hostile-pharmacies.ts';
import { eventually } from '../test/support/eventually.ts';
import { startBenchStack } from './bench-stack.ts';
import { BUSY, createOrderClients, MEASURED, median } from './order-clients.ts';

// Measures how long an order takes at a healthy pharmacy while a worker has 300 orders of another
// organization at a pharmacy that does not answer, then at one that sends its documents a byte a second, and
// then at one that floods, compared with its time alone. It runs the whole stack over HTTP. The results are
// ratios, on the last line.

const ORDERS = 300;
const SINGLES = 15;
const HEALTHY = 'pharmacy-early';
/** From the last start of these orders until the measurement: all slots that they can get are taken. */
const SETTLE_MS = 3_000;

const pharmacies = await startHostilePharmacies();
const stack = await startBenchStack({ LOG_LEVEL: 'warn' });
const { complete, placeMany } = createOrderClients(stack.baseUrl);
const database = openDatabase(stack.databaseUrl, 1);
const outboxIsEmpty = async () => (await database`SELECT FROM outbox LIMIT 1`).length === 0;
try {
  const encryptionKeys = stack.env['ENCRYPTION_KEYS'];
  await addHostilePharmacies({ databaseUrl: stack.databaseUrl, encryptionKeys }, pharmacies);

  await complete(MEASURED, 5, HEALTHY); // warms up
  const alone = await complete(MEASURED, SINGLES, HEALTHY);
  console.log(`alone, ms: ${alone.join(' ')}`);
  const beside: Record<string, number> = {};
  for (const id of HOSTILE) {
    await placeMany(BUSY, ORDERS, id);
    // What a burst of starts costs others is a matter of fairness between organizations (bench/fairness.ts).
    await eventually('all orders are started', outboxIsEmpty, 300_000);
    await sleep(SETTLE_MS);
    const measured = await complete(MEASURED, SINGLES, HEALTHY);
    console.log(`with ${ORDERS} orders at a pharmacy that ${id}, ms: ${measured.join(' ')}`);
    beside[id] = Number((median(measured) / median(alone)).toFixed(2));
  }
  const { hangs: besideHanging, drips: besideDripping, floods: besideFlooding } = beside;
  console.log(
    JSON.stringify({
      aloneEarlyMs: median(alone),
      ...{ besideHanging, besideDripping, besideFlooding },
    }),
  );
} finally {
  await database.end();
  await stack.stop();
  pharmacies.stop();
}
