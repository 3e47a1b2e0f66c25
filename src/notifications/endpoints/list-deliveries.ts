import {
  DELIVERED_EVENTS,
  DELIVERY_STATUSES,
  type DeliveriesQuery,
  type DeliveryPage,
} from '../../contract/webhook-delivery.ts';
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
  query: DeliveriesQuery,
): Promise<DeliveryPage> {
  const { endpointId, orderId, cursor, limit } = query;
  const after = cursor === undefined ? [] : readCursor(cursor, LIST, [UUID]);
  if (after === undefined) throw new InvalidCursorError();
  const ids = [endpointId, orderId].filter((id) => id !== undefined);
  if (!ids.every(isUuid)) return { deliveries: [], nextCursor: null };
  const page = { organizationId, before: after[0], most: limit + 1 };
  const rows = await sql<DeliveryRow[]>`
    SELECT ${deliveryColumns(sql)}
    FROM (${newest(sql, query, page)}) AS d LEFT JOIN events AS e ON e.id = d.event_id
    ORDER BY d.id DESC`;
  const deliveries = await Promise.all(rows.slice(0, limit).map((row) => toDelivery(sql, row)));
  const last = deliveries.at(-1);
  return {
    deliveries,
    nextCursor: rows.length > limit && last !== undefined ? writeCursor(LIST, [last.id]) : null,
  };
}

interface Page {
  readonly organizationId: string;
  /** The last delivery of the previous page. */
  readonly before: string | undefined;
  readonly most: number;
}

/** Selects a page of deliveries, by an index for each kind of filter. */
function newest(
  sql: Sql,
  { endpointId, status, event, orderId }: DeliveriesQuery,
  { organizationId, before, most }: Page,
) {
  const ofOrganization = sql`
    d.organization_id = ${organizationId} ${before === undefined ? sql`` : sql`AND d.id < ${before}`}`;
  // The ids are UUIDs of version 7, so their order is the order of creation.
  const inOrder = sql`ORDER BY d.id DESC LIMIT ${most}`;
  const ofEndpoint = endpointId === undefined ? sql`` : sql`AND endpoint_id = ${endpointId}`;
  const events = event === undefined ? DELIVERED_EVENTS : [event];
  const statuses = status === undefined ? DELIVERY_STATUSES : [status];
  if (orderId !== undefined) {
    return sql`
      SELECT d.* FROM events JOIN webhook_deliveries AS d ON d.event_id = events.id
      WHERE events.order_id = ${orderId} AND ${ofOrganization} ${ofEndpoint}
        AND d.event = ANY(${events}::text[]) AND d.status = ANY(${statuses}::text[])
      ${inOrder}`;
  }
  if (endpointId === undefined && event === undefined && status === undefined) {
    return sql`SELECT d.* FROM webhook_deliveries AS d WHERE ${ofOrganization} ${inOrder}`;
  }
  // The index is sorted within an endpoint, an event and a status: a page of each has the page of all.
  return sql`
    SELECT d.* FROM (
      SELECT id AS endpoint_id FROM webhook_endpoints WHERE organization_id = ${organizationId}
    ) AS endpoints
    CROSS JOIN unnest(${events}::text[]) AS listed (event)
    CROSS JOIN unnest(${statuses}::text[]) AS kept (status)
    CROSS JOIN LATERAL (
      SELECT d.* FROM webhook_deliveries AS d
      WHERE d.endpoint_id = endpoints.endpoint_id AND d.event = listed.event AND d.status = kept.status
        AND ${ofOrganization}
      ${inOrder}
    ) AS d
    WHERE true ${endpointId === undefined ? sql`` : sql`AND endpoints.endpoint_id = ${endpointId}`}
    ${inOrder}`;
}
