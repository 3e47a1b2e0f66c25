import { CALLER_TIMEOUT_MS, DatabaseTimeoutError } from '../storage/database.ts';
import type { StoreOrder } from './accept-order.ts';
import type { NewOrder, StoreOutcome } from './store-orders.ts';

/** The largest number of orders of one transaction. */
const MOST_ORDERS = 100;
/** The most encrypted text of one transaction, in characters. An order alone may have more. */
const MOST_TEXT = 4_000_000;

type StoreBatch = (
  organizationId: string,
  orders: readonly NewOrder[],
  limitMs: number,
) => Promise<readonly StoreOutcome[]>;

interface Waiting {
  readonly order: NewOrder;
  /** By `performance.now()`. */
  readonly deadline: number;
  readonly resolve: (outcome: StoreOutcome) => void;
  readonly reject: (error: unknown) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * Creates the function that stores orders in groups (docs/adr/0039). While a transaction of an organization
 * is in flight, its next orders wait, and the next transaction stores all of them. An order that finds no
 * transaction in flight goes at once. Organizations do not wait for each other.
 *
 * Each order has the time limit of a transaction alone: it counts from the call. If Postgres refuses a batch,
 * each of its orders is stored alone, so that one bad order does not fail the others.
 */
export function createGroupCommit(store: StoreBatch): StoreOrder {
  const queues = new Map<string, Waiting[]>();

  async function commitAll(organizationId: string, queue: Waiting[]): Promise<void> {
    while (queue.length > 0) await commit(store, organizationId, takeBatch(queue));
    queues.delete(organizationId);
  }

  return (order) =>
    new Promise<StoreOutcome>((resolve, reject) => {
      const { organizationId } = order;
      const inFlight = queues.get(organizationId);
      const queue = inFlight ?? [];
      const deadline = performance.now() + CALLER_TIMEOUT_MS;
      const timer = setTimeout(() => {
        queue.splice(queue.indexOf(waiting), 1);
        reject(new DatabaseTimeoutError());
      }, CALLER_TIMEOUT_MS);
      const waiting = { order, deadline, resolve, reject, timer };
      queue.push(waiting);
      if (inFlight !== undefined) return;
      queues.set(organizationId, queue);
      void commitAll(organizationId, queue);
    });
}

/** Takes the oldest orders of a queue, at least one. */
function takeBatch(queue: Waiting[]): Waiting[] {
  let text = 0;
  const fits = queue.findIndex(({ order }, index) => {
    text += order.prescription.length;
    return index === MOST_ORDERS || (index > 0 && text > MOST_TEXT);
  });
  const batch = queue.splice(0, fits === -1 ? queue.length : fits);
  for (const { timer } of batch) clearTimeout(timer);
  return batch;
}

async function commit(
  store: StoreBatch,
  organizationId: string,
  batch: readonly Waiting[],
): Promise<void> {
  try {
    const orders = batch.map(({ order }) => order);
    const limitMs = Math.min(...batch.map(({ deadline }) => deadline)) - performance.now();
    if (limitMs <= 0) throw new DatabaseTimeoutError();
    const outcomes = await store(organizationId, orders, limitMs);
    for (const [index, { resolve }] of batch.entries()) resolve(outcomes[index] as StoreOutcome);
  } catch (error) {
    if (batch.length > 1 && wasRefused(error)) {
      for (const waiting of batch) await commit(store, organizationId, [waiting]);
    } else {
      for (const { reject } of batch) reject(error);
    }
  }
}

/**
 * Returns whether Postgres rolled the transaction back because of what it contains. After a failure of the
 * connection or of the whole server (SQLSTATE classes 53 and 57), storing each order alone would not help.
 */
function wasRefused(error: unknown): boolean {
  return (
    error instanceof Error &&
    'severity' in error &&
    error.severity === 'ERROR' &&
    'code' in error &&
    !/^5[37]/.test(String(error.code))
  );
}
