import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { addPharmacy } from '../src/pharmacy/registry.ts';
import { openDatabase } from '../src/storage/database.ts';
import { withKeysOf } from '../test/support/sealed-rows.ts';
import { startBenchStack } from './bench-stack.ts';
import { BUSY, createOrderClients, MEASURED, median } from './order-clients.ts';

// Measures how long an order takes at a healthy pharmacy while a worker has 300 orders of another
// organization at a pharmacy that does not answer, and then at one that sends its documents a few bytes at
// a time, compared with its time alone. It runs the whole stack over HTTP. The results are ratios, on the
// last line.

const ORDERS = 300;
const SINGLES = 15;
const HEALTHY = 'pharmacy-early';
/** From the last of these orders until the measurement: all slots that they can get are taken. */
const SETTLE_MS = 3_000;
const DRIP_MS = 1_000;

const pharmacy = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '', 'http://localhost');
  const [, behaviour, resource, id] = pathname.split('/');
  if (behaviour === 'hangs') return;
  if (resource === 'document') return drip(response);
  const reference = id ?? String(request.headers['idempotency-key']);
  const documents = [{ id: 'd', name: 'd.pdf', contentType: 'application/pdf', url: 'document' }];
  response.writeHead(request.method === 'POST' ? 201 : 200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ id: reference, reference, status: 'completed', documents }));
});
pharmacy.listen(0, '127.0.0.1');
await once(pharmacy, 'listening');
const { port } = pharmacy.address() as AddressInfo;

function drip(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/pdf' });
  const dripping = setInterval(() => response.write('%'), DRIP_MS);
  response.once('close', () => clearInterval(dripping));
}

const stack = await startBenchStack({ LOG_LEVEL: 'warn' });
const { complete, placeMany } = createOrderClients(stack.baseUrl);
try {
  const keys = withKeysOf(stack.env['ENCRYPTION_KEYS']);
  const database = openDatabase(stack.databaseUrl, 1, keys);
  for (const id of ['hangs', 'drips']) {
    const settings = {
      ...{
        id,
        kind: 'rest',
        baseUrl: `http://127.0.0.1:${port}/${id}`,
        token: 'a-token-of-the-bench',
      },
      webhookAuth: { kind: 'none' } as const,
      completionLimitMs: null,
    };
    await addPharmacy(database, settings, false);
  }
  await database.end();

  await complete(MEASURED, 5, HEALTHY); // warms up
  const alone = await complete(MEASURED, SINGLES, HEALTHY);
  console.log(`alone, ms: ${alone.join(' ')}`);
  const beside: Record<string, number> = {};
  for (const id of ['hangs', 'drips']) {
    await placeMany(BUSY, ORDERS, id);
    await sleep(SETTLE_MS);
    const measured = await complete(MEASURED, SINGLES, HEALTHY);
    console.log(`with ${ORDERS} orders at a pharmacy that ${id}, ms: ${measured.join(' ')}`);
    beside[id] = Number((median(measured) / median(alone)).toFixed(2));
  }
  const { hangs: besideHanging, drips: besideDripping } = beside;
  console.log(JSON.stringify({ aloneEarlyMs: median(alone), besideHanging, besideDripping }));
} finally {
  await stack.stop();
  pharmacy.closeAllConnections();
  pharmacy.close();
}
