import { setTimeout as sleep } from 'node:timers/promises';
import type { OrderStatus } from '../contract/order.ts';
import type { Database } from '../storage/database.ts';
import type { OutboxRow } from './outbox.ts';

/** While an order works on a row, it has one of these statuses. The pacer waits `mostMs` milliseconds at most. */
interface Work {
  readonly statuses: readonly OrderStatus[];
  readonly mostMs: number;
}

/** Waiting for the pharmacy is not work. */
const NO_WORK: Work = { statuses: [], mostMs: 0 };
/** Ends early when a worker takes the order. If no worker is free, more starts would only fill Temporal's queue. */
const STARTING: Work = { statuses: ['ACCEPTED'], mostMs: 5_000 };
/** A completion may be news of nothing: then the order keeps its status. */
const COMPLETING: Work = { statuses: ['AWAITING_COMPLETION', 'FETCHING_DOCUMENTS'], mostMs: 1_000 };
const WORK: Readonly<Record<OutboxRow['kind'], Work>> = {
  start: STARTING,
  restart: STARTING,
  completion: COMPLETING,
  cancel: NO_WORK,
  news: NO_WORK,
};
const LOOK_EVERY_MS = 50;

/** Waits until orders have processed their outbox rows; see {@link createPacer}. */
export interface Pacer {
  /**
   * Resolves when the order has done its own part of a row's work, when an attempt has failed, or after the
   * row's longest wait; immediately when stopped. It does not wait for the pharmacy, because one that is slow
   * or unreachable must not delay other orders.
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
        const atWork =
          status === undefined ||
          (status !== 'delayed' && WORK[row.kind].statuses.includes(status));
        if (atWork && Date.now() < until) continue;
        waiting.delete(row);
        end();
      }
    }
    looking = false;
  }

  /** Reads the statuses of the orders that wait; `delayed` is an order whose last attempt failed. */
  async function readStatuses(): Promise<Map<string, OrderStatus | 'delayed'>> {
    const orderIds = [...waiting.keys()].map((row) => row.orderId);
    try {
      const rows = await database<{ id: string; status: OrderStatus; delayed: boolean }[]>`
        SELECT id, status, delay_since IS NOT NULL AS delayed
        FROM orders WHERE id = ANY(${orderIds}::uuid[])`;
      return new Map(rows.map(({ id, status, delayed }) => [id, delayed ? 'delayed' : status]));
    } catch {
      return new Map(); // the waits time out
    }
  }

  return {
    async done(row) {
      const { mostMs } = WORK[row.kind];
      if (stopped || mostMs === 0) return;
      await new Promise<void>((end) => {
        waiting.set(row, { until: Date.now() + mostMs, end });
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
