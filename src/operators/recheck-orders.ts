import { ENDS } from '../orders/status.ts';
import type { Database } from '../storage/database.ts';

/**
 * Has the orders that ended since a time read at their pharmacies again. After a restore of Postgres, what pharmacies
 * reported about them since the backup is gone, and the pharmacies do not repeat a message that was answered: late or
 * changed documents, a shipment, another end. The reconciler starts the reads, a few hundred at a time.
 *
 * @returns how many orders will be read.
 */
export async function recheckEndedOrders(database: Database, endedSince: Date): Promise<number> {
  // Organization by organization, because the index begins with it.
  const { count } = await database`
    INSERT INTO order_news (order_id)
    SELECT orders.id FROM organizations
    JOIN orders ON organization_id = organizations.id AND erased_at IS NULL
      AND orders.status = ANY(${ENDS}) AND orders.updated_at >= ${endedSince}
    WHERE NOT EXISTS (SELECT FROM order_news WHERE order_id = orders.id)`;
  return count;
}
