import type { OrderSummary } from '../contract/order.ts';
import type { Sql } from '../storage/database.ts';
import { timestamp } from './timestamp.ts';

/** The columns of {@link toSummary}. */
export function summaryColumns(sql: Sql) {
  return sql`id, case_id, status, reason_code, reason, pharmacy_id, pharmacy_order_id,
    idempotency_key, created_at, updated_at`;
}

/** An order as it stands in a list, and at the head of every answer that shows one. */
export function toSummary(row: SummaryRow): OrderSummary {
  return {
    id: row.id,
    caseId: row.caseId,
    status: row.status,
    ...(row.reasonCode === null ? {} : { reasonCode: row.reasonCode }),
    ...(row.reason === null ? {} : { reason: row.reason }),
    pharmacyId: row.pharmacyId,
    pharmacyOrderId: row.pharmacyOrderId,
    idempotencyKey: row.idempotencyKey,
    createdAt: timestamp(row.createdAt),
    updatedAt: timestamp(row.updatedAt),
  };
}

/** What {@link summaryColumns} gives. */
export interface SummaryRow {
  id: string;
  caseId: string;
  status: OrderSummary['status'];
  reasonCode: string | null;
  reason: string | null;
  pharmacyId: string;
  pharmacyOrderId: string | null;
  idempotencyKey: string | null;
  createdAt: Date;
  updatedAt: Date;
}
