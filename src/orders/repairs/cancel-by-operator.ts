import type { Database } from '../../storage/database.ts';
import { applyRepair } from './apply-repair.ts';
import type { RepairRequest } from './repair.ts';
import { readStatus, withRepair } from './with-repair.ts';

/**
 * Requests the cancellation of an order, as the API does: through Postgres, so that it works while
 * Temporal is unreachable. Resolves when the request is stored; see `requestCancellation`.
 *
 * @throws {UnknownIdError} there is no such order.
 * @throws {RepairRefusedError} the order has ended.
 */
export async function cancelOrderAsOperator(
  database: Database,
  orderId: string,
  request: RepairRequest,
): Promise<void> {
  await readStatus(database, orderId);
  await withRepair(database, 'cancel', orderId, request, async (repairId) => {
    await applyRepair(database, orderId, repairId, request.source);
  });
}
