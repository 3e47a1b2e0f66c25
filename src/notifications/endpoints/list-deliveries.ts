import type { DeliveriesQuery, DeliveryPage } from '../../contract/webhook-delivery.ts';
import { readCursor, writeCursor } from '../../lib/cursor.ts';
import { isUuid } from '../../lib/uuid.ts';
import { InvalidCursorError } from '../../orders/order-errors.ts';
import type { Sql } from '../../storage/database.ts';
import { type DeliveryRow, deliveryColumns, toDelivery } from './delivery-row.ts';

const LIST = 'deliveries';
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Lists an organization's deliveries, newest first. For an id that is not a UUID, the list is empty.
 *
 * @throws {InvalidCursorError} the cursor is not from this list.
 */
export async function listDeliveries(
  sql: Sql,
  organizationId: string,
  { endpointId, status, event, orderId, cursor, limit }: DeliveriesQuery,
): Promise<DeliveryPage> {
  const after = cursor === undefined ? [] : readCursor(cursor, LIST, [UUID]);
  if (after === undefined) throw new InvalidCursorError();
  const ids = [endpointId, orderId].filter((id) => id !== undefined);
  if (!ids.every(isUuid)) return { deliveries: [], nextCursor: null };
  // The ids are UUIDs of version 7, so their order is the order of creation.
  const rows = await sql<DeliveryRow[]>`
    SELECT ${deliveryColumns(sql)}
    FROM webhook_deliveries AS d LEFT JOIN events AS e ON e.id = d.event_id
    WHERE d.organization_id = ${organizationId}
      ${endpointId === undefined ? sql`` : sql`AND d.endpoint_id = ${endpointId}`}
      ${status === undefined ? sql`` : sql`AND d.status = ${status}`}
      ${event === undefined ? sql`` : sql`AND d.event = ${event}`}
      ${orderId === undefined ? sql`` : sql`AND e.order_id = ${orderId}`}
      ${after[0] === undefined ? sql`` : sql`AND d.id < ${after[0]}`}
    ORDER BY d.id DESC
    LIMIT ${limit + 1}`;
  const deliveries = await Promise.all(rows.slice(0, limit).map((row) => toDelivery(sql, row)));
  const last = deliveries.at(-1);
  return {
    deliveries,
    nextCursor: rows.length > limit && last !== undefined ? writeCursor(LIST, [last.id]) : null,
  };
}
