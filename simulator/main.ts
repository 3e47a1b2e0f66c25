import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { BEHAVIOURS } from './behaviours.ts';
import { parseConfiguration } from './configuration.ts';
import { createCourier } from './courier.ts';
import { loadCredentials } from './credentials.ts';
import { createDocuments } from './documents.ts';
import { createFaults } from './faults.ts';
import { createFileServer } from './file-server.ts';
import { openLedger } from './ledger.ts';
import { createLog } from './log.ts';
import { isPending } from './order.ts';
import { createOrderBook } from './order-book.ts';
import { createRandom } from './random.ts';
import { createServer } from './server.ts';

// The pharmacy simulator: the sandbox's pharmacies over real HTTP. It stands for an external system and
// shares no code with the rest of the project.

const log = createLog();
const stopped = new Promise<void>((resolve) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      log.info('stopping', { signal });
      resolve();
    });
  }
});

try {
  const { port, host, dataDir, webhookUrl, seed, controlToken } = parseConfiguration(process.env);
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const credentials = await loadCredentials(dataDir, Object.keys(BEHAVIOURS));
  const ledger = await openLedger(path.join(dataDir, 'ledger.ndjson'));
  const secretOf = (pharmacyId: string) => credentials.get(pharmacyId)?.webhookSecret ?? '';
  const courier = createCourier({ ledger, webhookUrl, secretOf, log });
  const orderBook = createOrderBook({ ledger, courier, log, onBroken: fail });
  const documents = createDocuments(ledger);
  const files = createFileServer(ledger, documents);
  const faults = createFaults(createRandom(seed));
  const server = await createServer({
    ledger,
    orderBook,
    courier,
    documents,
    files,
    faults,
    credentials,
    controlToken,
    log,
  });
  // The unfinished work of the last run, read before the first call can add to it.
  const orders = ledger
    .orders()
    .filter((order) => order.plan.some((step) => isPending(order, step)));
  const deliveries = ledger.deliveries();
  await files.listen();
  const address = await server.listen({ port, host });
  for (const order of orders) orderBook.begin(order);
  courier.send(deliveries).catch(fail);

  log.info('listening', { address, count: orders.length });
  process.send?.('ready');
  process.channel?.unref();

  await stopped;
  orderBook.stop();
  courier.stop();
  await server.close();
  await files.close();
  await ledger.close();
  log.info('stopped');
  process.exit(0);
} catch (error) {
  fail(error);
}

/** Ends the process with one line that gives the reason. */
function fail(error: unknown): never {
  log.error(describe(error));
  process.exit(1);
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'cannot run';
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return 'SIMULATOR_PORT is taken by another program: choose another';
  if (code === 'EACCES' || code === 'EROFS' || code === 'ENOTDIR') {
    return `SIMULATOR_DATA_DIR cannot be used (${code})`;
  }
  return message;
}
