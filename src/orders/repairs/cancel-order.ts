import type { Database } from '../../storage/database.ts';
import { applyRepair } from './apply-repair.ts';
import type { RepairRequest } from './repair.ts';
import { readStatus, withRepair } from './with-repair.ts';

/**
 * Asks for an order's cancellation, as the API does: through Postgres, so that it works with Temporal
 * away. Resolves when the request is stored; see `cancelOrder`.
 *
 * @throws {UnknownIdError} there is no such order.
 * @throws {RepairRefusedError} it has ended.
 */
export async function cancelOrderByPerson(
  database: Database,
  orderId: string,
  request: RepairRequest,
): Promise<void> {
  await readStatus(database, orderId);
  await withRepair(database, 'cancel', orderId, request, async (repairId) => {
    await applyRepair(database, orderId, repairId, request.source);
  });
}
