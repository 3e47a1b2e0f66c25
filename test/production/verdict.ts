import { forEach } from '../../src/lib/for-each.ts';
import type { Clients } from '../deployment/clients.ts';
import { compareWithLedger, type Ledger } from '../deployment/ledger.ts';
import { eventually } from '../support/eventually.ts';
import { asSuperuser } from './postgres.ts';
import type { Site } from './site.ts';
import type { System } from './system.ts';

/** What the test found. */
export interface Verdict {
  readonly orders: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly documents: number;
  readonly missingDocuments: number;
}

/** How long orders may take to end, and late documents to be stored. */
const END_LIMIT_MS = 8 * 60_000;
/** One reader needs longer than the limit for a thousand orders of a busy machine. */
const READERS = 8;

/** Waits until every acknowledged order has ended, and compares it with the pharmacies and the bucket. */
export async function verdictOf(site: Site, system: System, clients: Clients): Promise<Verdict> {
  const acknowledged = [...clients.acknowledged.values()];
  const open = new Set(acknowledged);
  /** The orders that lack documents, with their number. */
  const lacking = new Map(acknowledged.map((id) => [id, 1]));
  const stored: { orderId: string; id: string; size: number }[] = [];
  await eventually(
    'every order is COMPLETED and has its documents',
    async () => {
      await forEach([...lacking.keys()], READERS, async (orderId) => {
        const order = await clients.read(orderId);
        if (order?.status !== 'COMPLETED') return;
        open.delete(orderId);
        const offered = await offeredDocuments(system, orderId);
        const missing = offered - order.documents.length;
        lacking.set(orderId, missing);
        if (missing > 0 || offered === 0) return;
        lacking.delete(orderId);
        stored.push(...order.documents.map(({ id, size }) => ({ orderId, id, size })));
      });
      return lacking.size === 0;
    },
    END_LIMIT_MS,
  ).catch(() => undefined);
  const compared = compareWithLedger(acknowledged, open, await system.simulator<Ledger>('ledger'));

  let missingDocuments = [...lacking.values()].reduce((sum, count) => sum + count, 0);
  for (const { orderId, id, size } of stored) {
    if ((await clients.download(orderId, id)) !== size) missingDocuments += 1;
  }
  const endedAgain = await ordersThatEndedAgain(site);
  for (const id of endedAgain) console.error(`ended more than once: ${id}`);
  return {
    orders: acknowledged.length,
    lost: compared.lost,
    duplicated: compared.duplicated + endedAgain.length,
    documents: stored.length,
    missingDocuments,
  };
}

/** How many documents the pharmacy has of an order. */
async function offeredDocuments(system: System, orderId: string): Promise<number> {
  const { documents } = await system
    .simulator<{ documents: object[] }>(`orders/${orderId}/documents`)
    .catch(() => ({ documents: [] }));
  return documents.length;
}

/** The orders whose timeline has more than one completion. */
async function ordersThatEndedAgain(site: Site): Promise<string[]> {
  const rows = await asSuperuser(
    site,
    (sql) => sql<{ id: string }[]>`
      SELECT order_id AS id FROM order_activity WHERE to_status = 'COMPLETED'
      GROUP BY 1 HAVING count(*) > 1`,
    'rx_orders',
  );
  return rows.map(({ id }) => id);
}
