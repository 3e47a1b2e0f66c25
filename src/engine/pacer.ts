import { setTimeout as sleep } from 'node:timers/promises';
import type { OrderStatus } from '../contract/order.ts';
import type { Database } from '../storage/database.ts';
import type { OutboxRow } from './outbox.ts';

/** The statuses of an order while it works on a row; waiting for the pharmacy is not work. */
const AT_WORK: Readonly<Record<OutboxRow['kind'], readonly OrderStatus[]>> = {
  start: ['ACCEPTED'],
  restart: ['ACCEPTED'],
  completion: ['AWAITING_COMPLETION', 'FETCHING_DOCUMENTS'],
  cancel: [],
  news: [],
};
/** Longest wait for one order. Its worker may have died, or a pharmacy's webhook was wrong. */
const PATIENCE_MS = 5_000;
const LOOK_EVERY_MS = 50;

/** Waits until orders have processed their outbox rows; see {@link createPacer}. */
export interface Pacer {
  /**
   * Resolves when the order has done its own part of a row's work; after five seconds at the latest, and
   * immediately when stopped. It does not wait for the pharmacy, because one that is slow or unreachable
   * must not delay other orders.
   */
  done(row: OutboxRow): Promise<void>;
  /** Ends all waits. */
  stop(): void;
}

/**
 * Creates what holds starts back until earlier orders have done their work. Without it a burst would
 * move into Temporal immediately, whose queues are only partly fair: eager starts and a worker's own
 * tasks bypass their fairness (docs/adr/0008). All waits share one query.
 */
export function createPacer(database: Database): Pacer {
  const waiting = new Map<OutboxRow, { readonly until: number; readonly end: () => void }>();
  let looking = false;
  let stopped = false;

  async function look(): Promise<void> {
    looking = true;
    while (waiting.size > 0) {
      await sleep(LOOK_EVERY_MS);
      const statuses = await readStatuses();
      for (const [row, { until, end }] of waiting) {
        const status = statuses.get(row.orderId);
        const atWork = status === undefined || AT_WORK[row.kind].includes(status);
        if (atWork && Date.now() < until) continue;
        waiting.delete(row);
        end();
      }
    }
    looking = false;
  }

  async function readStatuses(): Promise<Map<string, OrderStatus>> {
    const orderIds = [...waiting.keys()].map((row) => row.orderId);
    try {
      const rows = await database<{ id: string; status: OrderStatus }[]>`
        SELECT id, status FROM orders WHERE id = ANY(${orderIds}::uuid[])`;
      return new Map(rows.map(({ id, status }) => [id, status]));
    } catch {
      return new Map(); // the waits time out
    }
  }

  return {
    async done(row) {
      if (stopped || AT_WORK[row.kind].length === 0) return;
      await new Promise<void>((end) => {
        waiting.set(row, { until: Date.now() + PATIENCE_MS, end });
        if (!looking) void look();
      });
    },
    stop() {
      stopped = true;
      for (const { end } of waiting.values()) end();
      waiting.clear();
    },
  };
}
