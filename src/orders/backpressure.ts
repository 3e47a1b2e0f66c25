import type { Log } from '../process/log.ts';
import type { Database } from '../storage/database.ts';

/** The service has more work than it can do in time; the caller should retry later. */
export class OverloadedError extends Error {
  override readonly name = 'OverloadedError';
}

/** Limits the calls that wait for the database. */
export interface Queue {
  /** @throws {OverloadedError} the limit of waiting calls is reached. */
  admit(): void;
  /** Runs a call and counts it as waiting until it settles. */
  run<T>(call: () => Promise<T>): Promise<T>;
}

/**
 * Creates a queue.
 *
 * @param limit the largest number of calls that may wait at once in this process.
 */
export function createQueue(limit: number, log: Log): Queue {
  let waiting = 0;
  let refusing = false;

  function setRefusing(on: boolean): void {
    if (refusing === on) return;
    refusing = on;
    log.warn(
      on ? 'request queue full: refusing requests' : 'request queue drained: accepting requests',
      {
        count: waiting,
      },
    );
  }

  return {
    admit() {
      if (waiting < limit) return;
      setRefusing(true);
      throw new OverloadedError('too many requests wait for the database');
    },
    async run(call) {
      waiting += 1;
      try {
        return await call();
      } finally {
        waiting -= 1;
        if (waiting < limit / 2) setRefusing(false);
      }
    },
  };
}

/** Limits the orders that wait in the outbox. */
export interface OutboxGauge {
  /** @throws {OverloadedError} the outbox was too deep when it was last checked. */
  admit(): void;
}

const CHECK_EVERY_MS = 1_000;
/** Orders are accepted again below this share of the limit, so that the state does not flap. */
const RESUME_AT = 0.8;

/**
 * Creates a gauge of the outbox. A call starts a check at most once a second and does not wait for it;
 * it uses the result of the previous check.
 *
 * @param limit the largest number of waiting rows.
 * @param now returns milliseconds since the epoch.
 */
export function createOutboxGauge(
  database: Database,
  limit: number,
  log: Log,
  now: () => number = Date.now,
): OutboxGauge {
  let deep = false;
  let checkedAt = Number.NEGATIVE_INFINITY;

  async function check(): Promise<void> {
    const threshold = deep ? Math.floor(limit * RESUME_AT) : limit;
    // Counts up to the threshold only, which keeps the check cheap however deep the outbox is.
    const [row] = await database<{ beyond: boolean }[]>`
      SELECT count(*) > ${threshold} AS beyond FROM (SELECT FROM outbox LIMIT ${threshold + 1}) AS rows`;
    const beyond = row?.beyond ?? false;
    if (beyond !== deep) {
      log.warn(beyond ? 'outbox too deep: refusing orders' : 'outbox drained: accepting orders');
    }
    deep = beyond;
  }

  return {
    admit() {
      if (now() - checkedAt >= CHECK_EVERY_MS) {
        checkedAt = now();
        // If the check fails, so does the statement that would store the order.
        check().catch(() => undefined);
      }
      if (deep) throw new OverloadedError('too many orders wait to be started');
    },
  };
}
