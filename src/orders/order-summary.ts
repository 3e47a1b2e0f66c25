import type { OrderSummary } from '../contract/order.ts';
import { timestamp } from '../lib/timestamp.ts';
import type { Sql } from '../storage/database.ts';
import { type DelayRow, delayColumns, delayOf } from './delay.ts';
import type { OrderReader } from './order-data-key.ts';

/** The columns that {@link toSummary} reads. */
export function summaryColumns(sql: Sql) {
  return sql`id, case_id, status, reason_code, reason, pharmacy_id, pharmacy_order_id,
    idempotency_key, data_key, created_at, updated_at, ${delayColumns(sql)}`;
}

/**
 * Converts a row to an order as lists show it; the full order starts with the same fields.
 *
 * @param reader opens the encrypted fields.
 */
export function toSummary(row: SummaryRow, reader: OrderReader): OrderSummary {
  const delay = delayOf(row);
  const reason = reader.open('reason', row.reason);
  const idempotencyKey = reader.open('idempotencyKey', row.idempotencyKey);
  return {
    id: row.id,
    caseId: row.caseId,
    status: row.status,
    ...(row.reasonCode === null ? {} : { reasonCode: row.reasonCode }),
    ...(reason === null ? {} : { reason }),
    pharmacyId: row.pharmacyId,
    pharmacyOrderId: row.pharmacyOrderId,
    idempotencyKey,
    createdAt: timestamp(row.createdAt),
    updatedAt: timestamp(row.updatedAt),
    ...(delay === undefined ? {} : { delay }),
    ...(reader.isUnreadable() ? { unreadable: true } : {}),
  };
}

/** A row of {@link summaryColumns}; `reason` and `idempotencyKey` are encrypted. */
export interface SummaryRow extends DelayRow {
  id: string;
  caseId: string;
  status: OrderSummary['status'];
  reasonCode: string | null;
  reason: string | null;
  pharmacyId: string;
  pharmacyOrderId: string | null;
  idempotencyKey: string | null;
  dataKey: string | null;
  createdAt: Date;
  updatedAt: Date;
}
