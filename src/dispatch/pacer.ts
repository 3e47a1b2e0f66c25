import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../storage/database.ts';

/** Longest that one order is waited for, should its worker have died with it. */
const PATIENCE_MS = 10_000;
const LOOK_EVERY_MS = 50;

/** Knows when started orders have done their first work; made by {@link createPacer}. */
export interface Pacer {
  /**
   * Resolves when the order is being sent to its pharmacy, rests or has ended; after ten seconds at
   * the latest, and at once when stopped. It does not wait for the pharmacy: one that is slow or away
   * must not hold up other orders.
   */
  underWay(orderId: string): Promise<void>;
  /** Ends all waits. */
  stop(): void;
}

/**
 * Makes what holds the starts back until those before have done their first work. Without it a burst
 * would move into Temporal at once, where it stands in queues that are fair in part only: eager starts
 * and a worker's own tasks go past their fairness (docs/adr/0008). All that wait share one query.
 */
export function createPacer(database: Database): Pacer {
  const waiting = new Map<string, { readonly since: number; readonly done: () => void }>();
  let looking = false;
  let stopped = false;

  async function look(): Promise<void> {
    looking = true;
    while (waiting.size > 0) {
      await sleep(LOOK_EVERY_MS);
      for (const id of [...(await movedOn()), ...overdue()]) {
        waiting.get(id)?.done();
        waiting.delete(id);
      }
    }
    looking = false;
  }

  async function movedOn(): Promise<string[]> {
    try {
      const rows = await database<{ id: string }[]>`
        SELECT id FROM orders
        WHERE id = ANY(${[...waiting.keys()]}::uuid[]) AND status <> 'ACCEPTED'`;
      return rows.map(({ id }) => id);
    } catch {
      return []; // they are let go when they are overdue
    }
  }

  function overdue(): string[] {
    const since = Date.now() - PATIENCE_MS;
    return [...waiting].filter(([, entry]) => entry.since < since).map(([id]) => id);
  }

  return {
    async underWay(orderId) {
      if (stopped) return;
      await new Promise<void>((resolve) => {
        waiting.set(orderId, { since: Date.now(), done: resolve });
        if (!looking) void look();
      });
    },
    stop() {
      stopped = true;
      for (const { done } of waiting.values()) done();
      waiting.clear();
    },
  };
}
