import { sealAnswer } from '../../src/notifications/sealed-answer.ts';
import type { Database } from '../../src/storage/database.ts';
import { createEndpoint } from './deliveries.ts';

/** The ids of a stored endpoint and a delivery to it. */
export interface StoredDelivery {
  readonly endpointId: string;
  readonly deliveryId: string;
}

/** Stores an endpoint and a dead delivery to it: the ORDER_CREATED of an order. */
export async function storeDelivery(
  database: Database,
  organizationId: string,
  { url, orderId }: { url: string; orderId: string },
): Promise<StoredDelivery> {
  const { id: endpointId } = await createEndpoint(database, organizationId, url);
  await database`SELECT record_order_event(${orderId}, 'ORDER_CREATED', '{}')`;
  const [delivery] = await database<[{ id: string }]>`
    UPDATE webhook_deliveries SET status = 'DEAD', attempts = 1, next_attempt_at = NULL
    WHERE endpoint_id = ${endpointId} RETURNING id`;
  await database`
    INSERT INTO webhook_attempts (delivery_id, duration_ms, status_code, error_class, answer_start)
    VALUES (${delivery.id}, 12, 503, 'http_5xx',
      ${await sealAnswer(database, organizationId, delivery.id, 'busy')})`;
  return { endpointId, deliveryId: delivery.id };
}
