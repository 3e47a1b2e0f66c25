import type { Sql } from '../storage/database.ts';

/** An event of an order, with its delivery to one endpoint. */
export interface OrderEventLine {
  readonly sequence: number;
  readonly at: Date;
  readonly event: string;
  readonly eventId: string;
  /** null, like all following fields, when no endpoint is subscribed to the event. */
  readonly endpointId: string | null;
  readonly url: string | null;
  readonly deliveryId: string | null;
  readonly delivery: string | null;
  readonly attempts: number | null;
  readonly nextAttemptAt: Date | null;
}

/** Lists the events of an order with their deliveries, by sequence number. */
export async function listOrderEvents(sql: Sql, orderId: string): Promise<OrderEventLine[]> {
  return await sql<OrderEventLine[]>`
    SELECT e.sequence::integer, e.created_at AS at, e.event, e.id AS event_id, d.endpoint_id, p.url,
      d.id AS delivery_id, d.status AS delivery, d.attempts, d.next_attempt_at
    FROM events AS e
    LEFT JOIN webhook_deliveries AS d ON d.event_id = e.id
    LEFT JOIN webhook_endpoints AS p ON p.id = d.endpoint_id
    WHERE e.order_id = ${orderId}
    ORDER BY e.sequence, d.id`;
}
