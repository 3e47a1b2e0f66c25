import { type PeriodicTask, runPeriodically } from '../lib/run-periodically.ts';
import { codeOf } from '../lib/safe-error.ts';
import type { Log } from '../process/log.ts';
import type { Database } from '../storage/database.ts';
import { eraseOrder, RETENTION } from './erase-order.ts';
import { type ExternalData, finishErasures } from './finish-erasures.ts';

/** Time between two searches for orders whose retention time, which counts in days, has passed. */
const EXPIRE_EVERY_MS = 60_000;
/** Maximum number of orders that {@link eraseExpired} erases in one call. */
const EXPIRED_BATCH = 100;

/**
 * Starts a periodic task that erases orders after their retention time and finishes erasures outside of
 * Postgres. Any number of processes may run it, because every step is idempotent.
 *
 * @param options.everyMs milliseconds between the end of one round and the start of the next.
 */
export function startEraser(
  options: ExternalData & {
    readonly database: Database;
    readonly everyMs: number;
    readonly log: Log;
  },
): PeriodicTask {
  const { database, everyMs, log } = options;
  let nextExpiry = 0;

  async function expire(): Promise<number> {
    if (Date.now() < nextExpiry) return 0;
    const expired = await eraseExpired(database);
    // A full batch may have left some.
    if (expired === 0) nextExpiry = Date.now() + EXPIRE_EVERY_MS;
    return expired;
  }

  return runPeriodically({
    everyMs,
    async round() {
      const expired = await expire();
      if (expired > 0) log.info('orders erased after their retention time', { count: expired });
      const finished = await finishErasures(database, options);
      if (finished > 0) log.info('erasures finished', { count: finished });
      return expired + finished > 0;
    },
    onError: (error) =>
      log.warn('erasing orders failed; the next round retries', { code: codeOf(error) }),
  });
}

/**
 * Erases orders whose organization's retention time has passed since their end.
 *
 * @returns the number of erased orders, at most 100.
 */
export async function eraseExpired(database: Database): Promise<number> {
  const orders = await database<{ id: string }[]>`
    SELECT due.id FROM organizations
    CROSS JOIN LATERAL (
      SELECT id FROM orders
      WHERE organization_id = organizations.id AND erased_at IS NULL
        AND status IN ('COMPLETED', 'REJECTED', 'CANCELLED', 'EXPIRED')
        AND updated_at < now() - retention_days * interval '1 day'
      ORDER BY updated_at LIMIT ${EXPIRED_BATCH}
    ) AS due
    WHERE retention_days IS NOT NULL LIMIT ${EXPIRED_BATCH}`;
  for (const { id } of orders) await eraseOrder(database, id, RETENTION);
  return orders.length;
}
