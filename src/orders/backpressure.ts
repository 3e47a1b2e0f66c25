import type { Log } from '../process/log.ts';
import type { Database } from '../storage/database.ts';

/** More is under way than can be served in time: come back later. */
export class OverloadedError extends Error {
  override readonly name = 'OverloadedError';
}

/** Counts the calls that wait for the database, and turns new ones away when they are too many. */
export interface Queue {
  /** @throws {OverloadedError} as many as may wait are waiting. */
  admit(): void;
  /** Counts a call while it runs. */
  run<T>(call: () => Promise<T>): Promise<T>;
}

/** @param limit calls that may wait at once in this process. */
export function createQueue(limit: number, log: Log): Queue {
  let waiting = 0;
  let refusing = false;

  function turn(on: boolean): void {
    if (refusing === on) return;
    refusing = on;
    log.warn(on ? 'too many requests wait: refusing more' : 'requests are taken again', {
      count: waiting,
    });
  }

  return {
    admit() {
      if (waiting < limit) return;
      turn(true);
      throw new OverloadedError('too many requests wait for the database');
    },
    async run(call) {
      waiting += 1;
      try {
        return await call();
      } finally {
        waiting -= 1;
        if (waiting < limit / 2) turn(false);
      }
    },
  };
}

/** Knows whether the outbox is too deep to take more orders. */
export interface OutboxGauge {
  /** @throws {OverloadedError} more orders wait to be started than may. */
  admit(): void;
}

const LOOK_EVERY_MS = 1_000;
/** Orders are taken again at this share of the limit: at the limit itself they would come and go. */
const RESUME_AT = 0.8;

/**
 * Makes a gauge of the outbox. It looks at most once a second, when it is asked, and never makes the
 * caller wait: what it goes by is the look before.
 *
 * @param limit rows that may wait.
 * @param now milliseconds since the epoch.
 */
export function createOutboxGauge(
  database: Database,
  limit: number,
  log: Log,
  now: () => number = Date.now,
): OutboxGauge {
  let deep = false;
  let lookedAt = Number.NEGATIVE_INFINITY;

  async function look(): Promise<void> {
    const threshold = deep ? Math.floor(limit * RESUME_AT) : limit;
    // Counted no further than it matters: a deep outbox must not make looking at it dear.
    const [row] = await database<{ beyond: boolean }[]>`
      SELECT count(*) > ${threshold} AS beyond FROM (SELECT FROM outbox LIMIT ${threshold + 1}) AS rows`;
    const beyond = row?.beyond ?? false;
    if (beyond !== deep) {
      log.warn(beyond ? 'the outbox is too deep: refusing orders' : 'orders are taken again');
    }
    deep = beyond;
  }

  return {
    admit() {
      if (now() - lookedAt >= LOOK_EVERY_MS) {
        lookedAt = now();
        // A database that cannot be looked at refuses the order by itself.
        look().catch(() => undefined);
      }
      if (deep) throw new OverloadedError('too many orders wait to be started');
    },
  };
}
