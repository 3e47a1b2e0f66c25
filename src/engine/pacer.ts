import { setTimeout as sleep } from 'node:timers/promises';
import type { OrderStatus } from '../contract/order.ts';
import type { Database } from '../storage/database.ts';
import type { OutboxRow } from './outbox.ts';

/** Where an order is while it does what a row told it. Not when it waits for its pharmacy. */
const AT_WORK: Readonly<Record<OutboxRow['kind'], readonly OrderStatus[]>> = {
  start: ['ACCEPTED'],
  restart: ['ACCEPTED'],
  completion: ['AWAITING_COMPLETION', 'FETCHING_DOCUMENTS'],
  cancel: [],
};
/** Longest that one order is waited for: its worker may have died with it, or a hint was wrong. */
const PATIENCE_MS = 5_000;
const LOOK_EVERY_MS = 50;

/** Knows when orders have done what they were told; made by {@link createPacer}. */
export interface Pacer {
  /**
   * Resolves when the order has done its own part of what a row told it; after five seconds at the
   * latest, and at once when stopped. It does not wait for the pharmacy to take an order: one that is
   * slow or away must not hold up other orders.
   */
  done(row: OutboxRow): Promise<void>;
  /** Ends all waits. */
  stop(): void;
}

/**
 * Makes what holds the starts back until those before have done their work. Without it a burst would
 * move into Temporal at once, where it stands in queues that are fair in part only: eager starts and
 * a worker's own tasks go past their fairness (docs/adr/0008). All that wait share one query.
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
      return new Map(); // time ends the waits
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
