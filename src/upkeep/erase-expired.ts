import type { Database } from '../storage/database.ts';
import { eraseOrder, RETENTION } from './erase-order.ts';

/** Orders erased in one call. */
const BATCH = 100;

/**
 * Erases orders that ended longer ago than their organization keeps them.
 *
 * @returns how many; {@link BATCH} at most.
 */
export async function eraseExpired(database: Database): Promise<number> {
  const orders = await database<{ id: string }[]>`
    SELECT due.id FROM organizations
    CROSS JOIN LATERAL (
      SELECT id FROM orders
      WHERE organization_id = organizations.id AND erased_at IS NULL
        AND status IN ('COMPLETED', 'REJECTED', 'CANCELLED', 'EXPIRED')
        AND updated_at < now() - retention_days * interval '1 day'
      ORDER BY updated_at LIMIT ${BATCH}
    ) AS due
    WHERE retention_days IS NOT NULL LIMIT ${BATCH}`;
  for (const { id } of orders) await eraseOrder(database, id, RETENTION);
  return orders.length;
}
