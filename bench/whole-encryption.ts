import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataConverter } from '@temporalio/client';
import { NativeConnection, Runtime, type WorkflowBundle } from '@temporalio/worker';
import { Registry } from 'prom-client';
import type { Stack } from '../sandbox/stack.ts';
import { startOrderWorker } from '../src/composition/start-order-worker.ts';
import { checkedBytes, type Measures, measure } from '../src/documents/checked-bytes.ts';
import type { DocumentStore } from '../src/documents/document-store.ts';
import { createFileStore } from '../src/documents/file-store.ts';
import { createSealedDocuments, type SealedDocuments } from '../src/documents/sealed-documents.ts';
import { foreignLookup } from '../src/egress/foreign-lookup.ts';
import { parseKeyRing } from '../src/keys/key-ring.ts';
import { acceptOrder } from '../src/orders/accept-order.ts';
import { addPharmacy } from '../src/pharmacy/registry.ts';
import { createLog } from '../src/process/log.ts';
import { type Database, openDatabase } from '../src/storage/database.ts';
import { bundleWorkflows } from '../src/temporal/bundle-workflows.ts';
import { createDataConverter } from '../src/temporal/data-converter.ts';
import { createSdkLog } from '../src/temporal/sdk-log.ts';
import { CAPACITY } from '../test/support/capacity.ts';
import { examplePlaceOrder } from '../test/support/example.ts';
import {
  createOrganization,
  ENCRYPTION_KEYS,
  HASH_SECRET,
  TESTER,
} from '../test/support/organization.ts';
import { withKeysOf } from '../test/support/sealed-rows.ts';
import { withBenchDatabase } from './bench-database.ts';
import { clearKeys } from './clear-keys.ts';

// Measures what encryption costs an order from its acceptance to COMPLETED, with its documents. It runs
// with everything encrypted (Postgres, Temporal, documents) and with nothing encrypted, in turns on the
// same servers and the same pharmacy. Machines differ, so the result is a ratio, on the last line.

const PHARMACY = 'pharmacy-123';
const ROUNDS = 4;
const ORDERS = 100;
const LOOK_MS = 50;
/** No webhooks arrive here: the workflow polls the pharmacy. */
const SETTINGS = {
  ...{ timeoutMs: 2_000, retryInitialMs: 100, retryMaxMs: 1_000 },
  ...{
    pollInitialMs: 100,
    pollMaxMs: 500,
    completionLimitMs: 600_000,
    graceMs: 60_000,
    documentLimitBytes: 52_428_800,
  },
};

const log = createLog('bench', { level: 'silent', format: 'json' });
Runtime.install({ logger: createSdkLog(log), shutdownSignals: [] });

await withBenchDatabase(async (create, stack) => {
  await configure(stack, { completeAfterMs: 0, webhooks: false });
  const folder = await mkdtemp(path.join(os.tmpdir(), 'rx-bench-documents-'));
  const connection = await NativeConnection.connect({ address: stack.temporalAddress });
  const bundle = await bundleWorkflows(createSdkLog(log));
  const store = createFileStore(folder);
  const on = await startSystem({
    ...{ stack, connection, bundle, documents: createSealedDocuments(store) },
    database: openDatabase(await create('encrypted'), 10, withKeysOf(ENCRYPTION_KEYS)),
    dataConverter: createDataConverter(parseKeyRing(ENCRYPTION_KEYS)),
  });
  const off = await startSystem({
    ...{ stack, connection, bundle, documents: clearDocuments(store) },
    database: Object.assign(openDatabase(await create('clear'), 10), { keys: clearKeys }),
    dataConverter: {},
  });
  try {
    const seconds = { on: 0, off: 0 };
    for (let round = 0; round <= ROUNDS; round += 1) {
      const spent = { off: await off.complete(ORDERS), on: await on.complete(ORDERS) };
      if (round === 0) continue; // the first round warms up
      seconds.on += spent.on;
      seconds.off += spent.off;
    }
    const total = ROUNDS * ORDERS;
    console.log(`whole orders, encrypted: ${(total / seconds.on).toFixed(1)} a second`);
    console.log(`whole orders, clear: ${(total / seconds.off).toFixed(1)} a second`);
    const ratio = Number((seconds.off / seconds.on).toFixed(2));
    console.log(JSON.stringify({ wholeOrders: total, wholeOrderEncryptedToClear: ratio }));
  } finally {
    await Promise.all([on.stop(), off.stop()]);
    await connection.close();
    await rm(folder, { recursive: true, force: true });
  }
});

interface System {
  /** Measures the seconds from the acceptance of a number of orders to the last completion. */
  complete(count: number): Promise<number>;
  stop(): Promise<void>;
}

async function startSystem(parts: {
  readonly stack: Stack;
  readonly connection: NativeConnection;
  readonly bundle: WorkflowBundle;
  readonly database: Database;
  readonly documents: SealedDocuments;
  readonly dataConverter: DataConverter;
}): Promise<System> {
  const { stack, connection, bundle, database, documents, dataConverter } = parts;
  const { organizationId, caseId } = await createOrganization(database);
  await addPharmacy(database, await pharmacyOf(stack), true);
  const worker = await startOrderWorker({
    connection,
    temporal: { namespace: 'default', taskQueue: `bench-${randomUUID()}` },
    dataConverter,
    workflowBundle: bundle,
    database,
    documents,
    settings: SETTINGS,
    capacity: CAPACITY,
    buildId: 'bench',
    foreign: { policy: { sandbox: true }, lookup: foreignLookup },
    registry: new Registry(),
    log,
  });
  const { order } = examplePlaceOrder();
  const request = { action: 'PLACE_ORDER' as const, order: { ...order, pharmacyId: PHARMACY } };

  return {
    async complete(count) {
      const start = performance.now();
      const accept = () =>
        acceptOrder(database, HASH_SECRET, { organizationId, caseId, request, by: TESTER });
      await Promise.all(Array.from({ length: count }, accept));
      for (;;) {
        const [left] = await database<{ count: number }[]>`
          SELECT count(*)::int AS count FROM orders WHERE status <> 'COMPLETED'`;
        if (left?.count === 0) return (performance.now() - start) / 1_000;
        await sleep(LOOK_MS);
      }
    },
    async stop() {
      await worker.stop();
      await database.end({ timeout: 2 });
    },
  };
}

/** A document store that checks documents and stores them without encryption. */
function clearDocuments(store: DocumentStore): SealedDocuments {
  return {
    async put(storageKey, _orderKey, bytes, announced) {
      let measures: Measures | undefined;
      async function* checked() {
        measures = yield* checkedBytes(bytes, announced);
      }
      await store.put(storageKey, checked());
      if (measures === undefined) throw new Error('the document was not read to its end');
      return measures;
    },
    measure,
    open: (storageKey, _orderKey, range) => store.open(storageKey, range),
  };
}

async function configure({ simulatorUrl }: Stack, patch: object): Promise<void> {
  await fetch(`${simulatorUrl}/control/pharmacies/${PHARMACY}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(patch),
  });
}

async function pharmacyOf({ simulatorUrl }: Stack) {
  const answer = await fetch(`${simulatorUrl}/control/pharmacies`);
  const { pharmacies } = (await answer.json()) as {
    pharmacies: { id: string; baseUrl: string; token: string; webhookSecret: string }[];
  };
  const found = pharmacies.find(({ id }) => id === PHARMACY);
  if (found === undefined) throw new Error(`the simulator has no ${PHARMACY}`);
  const { id, baseUrl, token, webhookSecret: secret } = found;
  const webhookAuth = { kind: 'standard-webhooks', secret } as const;
  return { id, kind: 'rest', baseUrl, token, webhookAuth, completionLimitMs: null };
}
