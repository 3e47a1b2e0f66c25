import { createHash, randomUUID } from 'node:crypto';
import type { OrderStatus } from '../../contract/order.ts';
import { UnknownIdError } from '../../lib/operator-errors.ts';
import { isUuid, uuidOfHash } from '../../lib/uuid.ts';
import type { Database } from '../../storage/database.ts';
import { type RepairKind, type RepairRequest, storeRepair } from './repair.ts';
import { RepairRefusedError } from './repair-errors.ts';

/** Longer than a repair waits for Temporal. */
const ANSWER_LIMIT_SECONDS = 30;

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
  const id = await idOf(database, kind, orderId, request);
  if (!(await storeRepair(database, { ...request, id, orderId, kind }))) {
    await requireUnanswered(database, id);
  }
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

/**
 * Returns the id of a repair: always the same for the same decision about a version of the order, so that a double click,
 * or a second operator, does not repair the order twice.
 *
 * @throws {RepairRefusedError} the order has changed since.
 */
async function idOf(
  database: Database,
  kind: RepairKind,
  orderId: string,
  { version, pharmacyOrderId }: RepairRequest,
): Promise<string> {
  if (version === undefined) return randomUUID();
  const hash = createHash('sha256').update([orderId, kind, version, pharmacyOrderId].join('\0'));
  const id = uuidOfHash(hash.digest());
  const [row] = await database<{ isCurrent: boolean; by: string | null; seconds: number }[]>`
    SELECT updated_at::text = ${version} AS is_current, requested_by AS by,
      extract(epoch FROM now() - requested_at)::float8 AS seconds
    FROM orders LEFT JOIN order_repairs ON order_repairs.order_id = orders.id AND applied_at IS NOT NULL
    WHERE orders.id = ${orderId} ORDER BY requested_at DESC NULLS LAST LIMIT 1`;
  if (row?.isCurrent) return id;
  const last = row?.by ? `; ${row.by} repaired it ${ago(row.seconds)}` : '';
  throw new RepairRefusedError('ORDER_CHANGED', `the order has changed since you saw it${last}`);
}

/**
 * Lets a repair begin again whose process was killed.
 *
 * @throws {RepairRefusedError} it was applied, or was requested a moment ago.
 */
async function requireUnanswered(database: Database, repairId: string): Promise<void> {
  const [row] = await database<{ by: string; seconds: number; isApplied: boolean }[]>`
    SELECT requested_by AS by, extract(epoch FROM now() - requested_at)::float8 AS seconds,
      applied_at IS NOT NULL AS is_applied
    FROM order_repairs WHERE id = ${repairId}`;
  if (row === undefined || (!row.isApplied && row.seconds > ANSWER_LIMIT_SECONDS)) return;
  throw new RepairRefusedError('REPAIR_REPEATED', `${row.by} requested it ${ago(row.seconds)}`);
}

function ago(seconds: number): string {
  return seconds < 120 ? `${Math.round(seconds)} s ago` : `${Math.round(seconds / 60)} min ago`;
}

/** @throws {UnknownIdError} there is no such order. */
export async function readStatus(database: Database, orderId: string): Promise<OrderStatus> {
  if (!isUuid(orderId)) throw new UnknownIdError('order');
  const [order] = await database<{ status: OrderStatus }[]>`
    SELECT status FROM orders WHERE id = ${orderId}`;
  if (order === undefined) throw new UnknownIdError('order');
  return order.status;
}
