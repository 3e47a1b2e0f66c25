import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { activityPage, orderStatus, orderView } from '../../src/contract/order.ts';
import { createFileStore } from '../../src/documents/file-store.ts';
import { createSealedDocuments } from '../../src/documents/sealed-documents.ts';
import { createLocalKeyProvider } from '../../src/keys/create-key-provider.ts';
import { parseKeyRing } from '../../src/keys/key-ring.ts';
import { documentKey, readOrderDataKey } from '../../src/orders/order-data-key.ts';
import { type Database, openDatabase } from '../../src/storage/database.ts';
import { ask, CASE, read } from './api.ts';
import type { Clients } from './clients.ts';
import type { Evidence, PharmacyOrder, ShownOrder, StoredFile } from './evidence.ts';
import { readReceipts } from './receipts.ts';
import type { Observed } from './system.ts';

const AT_ONCE = 8;

const ledgerSchema = z.object({
  orders: z.array(
    z.object({
      pharmacyId: z.string(),
      reference: z.string(),
      status: z.string(),
      trackingId: z.string().optional(),
      pending: z.number(),
    }),
  ),
});
const documentsSchema = z.object({
  documents: z.array(
    z.object({ sha256: z.string(), state: z.enum(['current', 'superseded', 'withdrawn']) }),
  ),
});
const shownSchema = z.object({ data: z.object({ order: orderView }) });
const activitySchema = z.object({ data: activityPage });
const statusSchema = z.object({ data: z.object({ order: z.object({ status: orderStatus }) }) });

/** Gathers the evidence of a system without load. @throws {Error} a part does not answer. */
export async function gather(system: Observed, clients: Clients): Promise<Evidence> {
  const ids = new Set(
    clients.records.flatMap(({ answers }) => answers.flatMap((a) => a.orderId ?? [])),
  );
  // Reads each effect before its cause. In a system that has not finished, an order that is younger than
  // the pharmacies' ledger must not look lost.
  return {
    clients: clients.records,
    events: await readReceipts(system.receipts.file, system.receipts.secret),
    orders: (await each([...ids], (id) => readOrder(serverOf(system), id))).flatMap(
      (one) => one ?? [],
    ),
    pharmacies: await readPharmacies(system.simulatorUrl),
    files: await readFiles(system, ids),
    outbox: await countOutbox(system.databaseUrl),
  };
}

/** Filters the orders that have no final status yet. */
export async function unfinished(system: Observed, ids: readonly string[]): Promise<string[]> {
  const left = await each(ids, async (id) => {
    const { status, json } = await ask(`${serverOf(system)}${CASE}/orders/${id}`);
    if (status === 404) return []; // the checker reports it as lost
    const shown = statusSchema.safeParse(json);
    const rests = shown.success && isRest(shown.data.data.order.status);
    return rests ? [] : [id];
  });
  return left.flat();
}

function isRest(status: z.output<typeof orderStatus>): boolean {
  return !['ACCEPTED', 'PLACING', 'AWAITING_COMPLETION', 'FETCHING_DOCUMENTS'].includes(status);
}

function serverOf({ serverUrls }: Observed): string {
  return serverUrls[0] ?? '';
}

async function readPharmacies(simulatorUrl: string): Promise<PharmacyOrder[]> {
  const { orders } = await read(`${simulatorUrl}/control/ledger`, ledgerSchema);
  return await each(orders, async (order) => {
    const url = `${simulatorUrl}/control/orders/${order.reference}/documents`;
    return { ...order, ...(await read(url, documentsSchema)) };
  });
}

async function readOrder(serverUrl: string, id: string): Promise<ShownOrder | undefined> {
  const url = `${serverUrl}${CASE}/orders/${id}`;
  if ((await ask(url)).status === 404) return undefined;
  const { order } = (await read(url, shownSchema)).data;
  const { activity } = (await read(`${url}/activity?limit=100`, activitySchema)).data;
  return {
    id,
    status: order.status,
    reasonCode: order.reasonCode,
    documents: order.documents,
    changes: activity.flatMap(({ fromStatus, toStatus }) =>
      toStatus === undefined ? [] : { from: fromStatus, to: toStatus },
    ),
  };
}

/** Reads the stored documents of some orders, decrypted with the keys of the orders. */
async function readFiles(
  { documentsDir: folder, ...system }: Observed,
  orderIds: ReadonlySet<string>,
): Promise<StoredFile[]> {
  const keys = createLocalKeyProvider(parseKeyRing(system.encryptionKeys));
  const database = openDatabase(system.databaseUrl, 2, { keys });
  try {
    return await readSealedFiles(database, folder, orderIds);
  } finally {
    await database.end({ timeout: 1 });
  }
}

async function readSealedFiles(
  database: Database,
  folder: string,
  orderIds: ReadonlySet<string>,
): Promise<StoredFile[]> {
  const documents = createSealedDocuments(createFileStore(folder));
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter(
    (entry) => entry.isFile() && orderIds.has(path.relative(folder, entry.parentPath)),
  );
  return await each(files, async ({ parentPath, name }) => {
    const file = path.relative(folder, path.join(parentPath, name));
    const key = await readOrderDataKey(database, path.dirname(file));
    if (key === undefined) throw new Error(`${file} belongs to no order`);
    const hash = createHash('sha256');
    for await (const bytes of await documents.open(file, documentKey(key))) {
      hash.update(bytes as Uint8Array);
    }
    return { path: file, sha256: hash.digest('hex') };
  });
}

async function countOutbox(databaseUrl: string): Promise<number> {
  const database = openDatabase(databaseUrl, 1);
  try {
    const [row] = await database<{ rows: number }[]>`SELECT count(*)::int AS rows FROM outbox`;
    return row?.rows ?? 0;
  } finally {
    await database.end({ timeout: 1 });
  }
}

/** Maps a list, a few items at a time, and keeps its order. */
async function each<In, Out>(list: readonly In[], run: (one: In) => Promise<Out>): Promise<Out[]> {
  const results: Out[] = [];
  const left = list.entries();
  const turn = async () => {
    for (const [index, one] of left) results[index] = await run(one);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, turn));
  return results;
}
