import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { readOrderRow } from '../src/activities/order-row.ts';
import { startStack } from '../src/embedded/stack.ts';
import type { Keys } from '../src/keys/keys.ts';
import type { SubjectKey } from '../src/keys/subject-key.ts';
import { acceptOrder } from '../src/orders/accept-order.ts';
import { type Database, openDatabase } from '../src/storage/database.ts';
import { migrate } from '../src/storage/migrate.ts';
import { testEnvironment } from '../test/support/environment.ts';
import { examplePlaceOrder } from '../test/support/example.ts';
import { createOrganization, ENCRYPTION_KEYS, HASH_SECRET } from '../test/support/organization.ts';
import { withKeysOf } from '../test/support/sealed-rows.ts';

// What encryption costs: orders accepted, and read back, with the real keys and with ones that seal
// nothing, in turns on one Postgres. Machines differ: the ratios are the result, on the last line.

const CLIENTS = 32;
const ROUNDS = 5;
const PER_ROUND = 800;

/** Keys under which everything stays in clear. */
const clearKey: SubjectKey = {
  seal: (_field, text) => text,
  open: (_field, sealed) => sealed,
  hash: (_field, text) => Buffer.from(text),
  derive: () => randomBytes(32),
};
const clearKeys: Keys = {
  seal: async (_owner, _context, text) => text,
  open: async (_context, sealed) => sealed,
  createSubject: async () => ({ key: clearKey, wrapped: 'clear' }),
  openSubject: async () => clearKey,
  rewrap: async (_owner, _context, sealed) => sealed,
  forgetActive: () => undefined,
};

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
  const sealed = openDatabase(url.href, CLIENTS, withKeysOf(ENCRYPTION_KEYS));
  const clear = Object.assign(openDatabase(url.href, CLIENTS), { keys: clearKeys });
  const [on, off] = [await prepare(sealed), await prepare(clear)];
  const seconds = { acceptOn: 0, acceptOff: 0, readOn: 0, readOff: 0 };
  for (let round = 0; round <= ROUNDS; round += 1) {
    const spent = {
      acceptOff: await time(off.accept),
      acceptOn: await time(on.accept),
      readOff: await time(off.read),
      readOn: await time(on.read),
    };
    if (round === 0) continue; // it warms up
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
} finally {
  await stack.stop();
  await rm(dataDir, { recursive: true, force: true });
}

async function prepare(database: Database) {
  const { organizationId, caseId } = await createOrganization(database);
  const { order } = examplePlaceOrder();
  const request = { action: 'PLACE_ORDER' as const, order };
  const accept = () => acceptOrder(database, HASH_SECRET, { organizationId, caseId, request });
  const { orderId } = await accept();
  return { accept, read: () => readOrderRow(database, orderId) };
}

/** Seconds that {@link CLIENTS} clients take for {@link PER_ROUND} runs together. */
async function time(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  let left = PER_ROUND;
  const client = async () => {
    while (left > 0) {
      left -= 1;
      await run();
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return (performance.now() - start) / 1_000;
}
