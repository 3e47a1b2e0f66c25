import type { Sql } from '../storage/database.ts';

/** A message of a pharmacy about an order. */
export interface OrderMessage {
  readonly id: string;
  readonly type: string;
  readonly receivedAt: Date;
}

/** Lists the newest messages of pharmacies about an order, the oldest first. */
export async function listOrderMessages(sql: Sql, orderId: string): Promise<OrderMessage[]> {
  return await sql<OrderMessage[]>`
    SELECT * FROM (SELECT id::text AS id, type, received_at FROM inbox
      WHERE order_id = ${orderId} ORDER BY inbox.id DESC LIMIT 100) AS newest
    ORDER BY received_at`;
}
