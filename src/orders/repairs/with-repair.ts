import { randomUUID } from 'node:crypto';
import type { OrderStatus } from '../../contract/order.ts';
import { UnknownIdError } from '../../lib/operator-errors.ts';
import { isUuid } from '../../lib/uuid.ts';
import type { Database } from '../../storage/database.ts';
import { type RepairKind, type RepairRequest, storeRepair } from './repair.ts';
import { RepairRefusedError } from './repair-errors.ts';

/**
 * Stores a repair and applies it. A refused repair is deleted again.
 *
 * @param act applies the repair with this id.
 * @throws {RepairRefusedError} the request is malformed, or `act` refused it.
 */
export async function withRepair(
  database: Database,
  kind: RepairKind,
  orderId: string,
  request: RepairRequest,
  act: (repairId: string) => Promise<void>,
): Promise<void> {
  check(request);
  const id = randomUUID();
  await storeRepair(database, { ...request, id, orderId, kind });
  try {
    await act(id);
  } catch (error) {
    if (error instanceof RepairRefusedError || error instanceof UnknownIdError) {
      await database`DELETE FROM order_repairs WHERE id = ${id} AND applied_at IS NULL`;
    }
    throw error;
  }
}

function check({ by, reason, pharmacyOrderId }: RepairRequest): void {
  const fields: [string, string | undefined, number][] = [
    ['by', by, 200],
    ['reason', reason, 1_000],
    ['pharmacyOrderId', pharmacyOrderId, 255],
  ];
  for (const [name, text, most] of fields) {
    if (text === undefined) continue;
    if (text.trim() === '' || text.length > most || /[\p{Cc}\p{Surrogate}]/u.test(text)) {
      const rule = `${name} must be 1 to ${most} characters on one line`;
      throw new RepairRefusedError('INVALID_REPAIR', rule);
    }
  }
}

/** @throws {UnknownIdError} there is no such order. */
export async function readStatus(database: Database, orderId: string): Promise<OrderStatus> {
  if (!isUuid(orderId)) throw new UnknownIdError('order');
  const [order] = await database<{ status: OrderStatus }[]>`
    SELECT status FROM orders WHERE id = ${orderId}`;
  if (order === undefined) throw new UnknownIdError('order');
  return order.status;
}
