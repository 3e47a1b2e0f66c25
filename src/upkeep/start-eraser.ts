import { type PeriodicTask, runPeriodically } from '../lib/run-periodically.ts';
import { codeOf } from '../lib/safe-error.ts';
import type { Log } from '../process/log.ts';
import type { Database } from '../storage/database.ts';
import { eraseOrder, RETENTION } from './erase-order.ts';
import { finishErasures, type Remains } from './finish-erasures.ts';

/** Orders erased in one call. */
const EXPIRED_BATCH = 100;

/**
 * Starts erasing what organizations keep no longer, and finishing what was erased in Postgres. Any
 * number of processes may run one: all that it does can be done twice.
 *
 * @param options.everyMs from the end of a round to the next one.
 */
export function startEraser(
  options: Remains & { readonly database: Database; readonly everyMs: number; readonly log: Log },
): PeriodicTask {
  const { database, everyMs, log } = options;
  return runPeriodically({
    everyMs,
    async round() {
      const expired = await eraseExpired(database);
      if (expired > 0) log.info('orders were erased: their time was up', { count: expired });
      const finished = await finishErasures(database, options);
      if (finished > 0) log.info('erasures are finished', { count: finished });
      return expired + finished > 0;
    },
    onError: (error) => log.warn('cannot finish what was erased', { code: codeOf(error) }),
  });
}

/**
 * Erases orders that ended longer ago than their organization keeps them.
 *
 * @returns how many; {@link EXPIRED_BATCH} at most.
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
