import type postgres from 'postgres';
import type { Sql } from '../storage/database.ts';

/*
 * The lock that serializes the storing of a message, which names an order by the pharmacy's id, and the recording
 * of that id. Without the lock, two concurrent transactions would not see each other's row, and the message
 * would never be applied. It is released at the end of the transaction.
 */

/** Takes the lock. */
export async function lockPharmacyOrder(
  sql: Sql,
  pharmacyId: string,
  pharmacyOrderId: string,
): Promise<void> {
  await sql`SELECT ${lock(sql, sql`${pharmacyId}::text`, pharmacyOrderId)}`;
}

/** The join that takes the lock within a statement, for the pharmacy of a row of `orders`. */
export function withPharmacyOrderLock(sql: Sql, pharmacyOrderId: string) {
  return sql`CROSS JOIN LATERAL ${lock(sql, sql`orders.pharmacy_id`, pharmacyOrderId)}`;
}

function lock(sql: Sql, pharmacyId: postgres.Fragment, pharmacyOrderId: string) {
  return sql`pg_advisory_xact_lock(hashtextextended(${pharmacyId} || '/' || ${pharmacyOrderId}::text, 0))`;
}
