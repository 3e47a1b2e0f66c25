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
/** The activities of this process report by themselves; the pacer only looks for orders of other processes. */
const LOOK_EVERY_MS = 500;

/** How a wait of the pacer ended. `reported`: an activity of this process reported the order. */
export type Paced = 'reported' | 'seen' | 'timed-out';

/** A row that the pacer waits for. */
export interface PacedRow {
  /**
   * Resolves when the order has done its own part of a row's work, when an attempt has failed, or after the
   * row's longest wait; immediately when stopped. It does not wait for the pharmacy, because one that is slow
   * or unreachable must not delay other orders.
   */
  readonly done: Promise<Paced>;
  /** Ends the wait: the row was not delivered. */
  cancel(): void;
}

/** Waits until orders have processed their outbox rows; see {@link createPacer}. */
export interface Pacer {
  /** Begins to wait for an order. Call it before the row is delivered: the order may be quicker than the answer. */
  begin(row: OutboxRow): PacedRow;
  /** Ends the waits for an order. */
  report(orderId: string): void;
  /** Ends all waits. */
  stop(): void;
}

interface Wait {
  readonly row: OutboxRow;
  readonly until: number;
  readonly end: (how: Paced) => void;
}

/**
 * Creates what holds rows back until earlier orders have done their work. Without it a burst would
 * move into Temporal immediately, whose queues are only partly fair: eager starts and a worker's own
 * tasks bypass their fairness (docs/adr/0008). All waits share one query.
 */
export function createPacer(database: Database): Pacer {
  const waiting = new Set<Wait>();
  let looking = false;
  let stopped = false;

  function end(wait: Wait, how: Paced): void {
    waiting.delete(wait);
    wait.end(how);
  }

  async function look(): Promise<void> {
    looking = true;
    for (;;) {
      await sleep(LOOK_EVERY_MS);
      if (waiting.size === 0) break;
      const statuses = await readStatuses();
      for (const wait of waiting) {
        const { row, until } = wait;
        const status = statuses.get(row.orderId);
        const atWork =
          status === undefined ||
          (status !== 'delayed' && WORK[row.kind].statuses.includes(status));
        if (!atWork) end(wait, 'seen');
        else if (Date.now() >= until) end(wait, 'timed-out');
      }
    }
    looking = false;
  }

  /** Reads the statuses of the orders that wait; `delayed` is an order whose last attempt failed. */
  async function readStatuses(): Promise<Map<string, OrderStatus | 'delayed'>> {
    const orderIds = [...waiting].map(({ row }) => row.orderId);
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
    begin(row) {
      const { statuses, mostMs } = WORK[row.kind];
      // An order that is restarted may have passed this point long ago.
      if (stopped || !statuses.includes(row.status)) {
        return { done: Promise.resolve('seen'), cancel: () => undefined };
      }
      let resolve: (how: Paced) => void = () => undefined;
      const done = new Promise<Paced>((settle) => {
        resolve = settle;
      });
      const wait = { row, until: Date.now() + mostMs, end: resolve };
      waiting.add(wait);
      if (!looking) void look();
      return { done, cancel: () => end(wait, 'seen') };
    },
    report(orderId) {
      for (const wait of waiting) if (wait.row.orderId === orderId) end(wait, 'reported');
    },
    stop() {
      stopped = true;
      for (const wait of waiting) end(wait, 'seen');
    },
  };
}
