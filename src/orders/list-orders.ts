import {
  type ActivityPage,
  type ActivityView,
  ORDER_STATUSES,
  type OrderPage,
  type OrderStatus,
} from '../contract/order.ts';
import type { OrdersQuery, PageQuery } from '../contract/order-query.ts';
import { readCursor, writeCursor } from '../lib/cursor.ts';
import { timestamp } from '../lib/timestamp.ts';
import type { Sql } from '../storage/database.ts';
import { openOrderReader } from './order-data-key.ts';
import { InvalidCursorError } from './order-errors.ts';
import { type SummaryRow, summaryColumns, toSummary } from './order-summary.ts';

/** Microseconds since the epoch, Postgres' resolution: milliseconds could skip orders between pages. */
const MICROSECONDS = /^\d{1,17}$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Lists an organization's orders, newest first. The cursor is the last order's time and id (keyset
 * pagination), so that orders that arrive meanwhile neither repeat nor hide an order.
 *
 * @param caseId lists the orders of this case only.
 * @throws {InvalidCursorError} the cursor does not come from this list.
 */
export async function listOrders(
  sql: Sql,
  { organizationId, caseId }: { readonly organizationId: string; readonly caseId?: string },
  query: OrdersQuery,
): Promise<OrderPage> {
  const list = caseId === undefined ? 'orders' : `orders of ${caseId}`;
  const after = cursorOf(query, list, [MICROSECONDS, UUID]);
  const newest = (ofStatus: ReturnType<Sql>) => sql`
    SELECT ${summaryColumns(sql)},
      (extract(epoch FROM created_at) * 1000000)::bigint AS microseconds
    FROM orders
    WHERE organization_id = ${organizationId} ${ofStatus}
      ${caseId === undefined ? sql`` : sql`AND case_id = ${caseId}`}
      ${query.pharmacyId === undefined ? sql`` : sql`AND pharmacy_id = ${query.pharmacyId}`}
      ${query.createdAfter === undefined ? sql`` : sql`AND created_at >= ${query.createdAfter}`}
      ${query.createdBefore === undefined ? sql`` : sql`AND created_at < ${query.createdBefore}`}
      ${after === undefined ? sql`` : sql`AND (created_at, id) < (timestamptz 'epoch' + ${after[0] ?? '0'}::bigint * interval '1 microsecond', ${after[1] ?? ''})`}
    ORDER BY created_at DESC, id DESC
    LIMIT ${query.limit + 1}`;
  const ofStatus: ReturnType<Sql> =
    query.status === undefined ? sql`` : sql`AND status = ${query.status}`;
  // The index of a pharmacy's orders is sorted within a status: a page of each status has the page of all.
  const rows =
    query.pharmacyId !== undefined && query.status === undefined
      ? await sql<OrderRow[]>`
          SELECT newest.* FROM unnest(${ORDER_STATUSES}::text[]) AS listed (status)
          CROSS JOIN LATERAL (${newest(sql`AND orders.status = listed.status`)}) AS newest
          ORDER BY newest.created_at DESC, newest.id DESC
          LIMIT ${query.limit + 1}`
      : await sql<OrderRow[]>`${newest(ofStatus)}`;
  const orders = rows.slice(0, query.limit);
  const last = orders.at(-1);
  return {
    orders: await Promise.all(
      orders.map(async (row) => toSummary(row, await openOrderReader(sql, row.id, row.dataKey))),
    ),
    nextCursor:
      rows.length > query.limit && last !== undefined
        ? writeCursor(list, [last.microseconds, last.id])
        : null,
  };
}

/**
 * Lists an order's timeline, oldest first.
 *
 * @param orderId an order whose owner the caller has already checked.
 * @throws {InvalidCursorError} the cursor does not come from this list.
 */
export async function listActivity(
  sql: Sql,
  orderId: string,
  query: PageQuery,
): Promise<ActivityPage> {
  const list = `activity of ${orderId}`;
  const after = cursorOf(query, list, [/^\d{1,18}$/]);
  const rows = await sql<ActivityRow[]>`
    SELECT id, at, actor, event, from_status, to_status, reason_code, detail FROM order_activity
    WHERE order_id = ${orderId} AND id > ${after?.[0] ?? '0'}
    ORDER BY id
    LIMIT ${query.limit + 1}`;
  const activity = rows.slice(0, query.limit);
  const last = activity.at(-1);
  return {
    activity: activity.map(toActivity),
    nextCursor:
      rows.length > query.limit && last !== undefined ? writeCursor(list, [last.id]) : null,
  };
}

/**
 * Reads the cursor of a page.
 *
 * @param list the name of the list.
 * @param shape one pattern for each key of the cursor.
 * @throws {InvalidCursorError} the cursor does not come from this list.
 */
export function cursorOf(
  { cursor }: PageQuery,
  list: string,
  shape: readonly RegExp[],
): readonly string[] | undefined {
  if (cursor === undefined) return undefined;
  const read = readCursor(cursor, list, shape);
  if (read === undefined) {
    throw new InvalidCursorError();
  }
  return read;
}

function toActivity(row: ActivityRow): ActivityView {
  return {
    id: row.id,
    at: timestamp(row.at),
    actor: row.actor,
    event: row.event,
    ...(row.fromStatus === null ? {} : { fromStatus: row.fromStatus }),
    ...(row.toStatus === null ? {} : { toStatus: row.toStatus }),
    ...(row.reasonCode === null ? {} : { reasonCode: row.reasonCode }),
    ...(row.detail === null ? {} : { detail: row.detail }),
  };
}

interface OrderRow extends SummaryRow {
  microseconds: string;
}

interface ActivityRow {
  id: string;
  at: Date;
  actor: ActivityView['actor'];
  event: string;
  fromStatus: OrderStatus | null;
  toStatus: OrderStatus | null;
  reasonCode: string | null;
  detail: Record<string, unknown> | null;
}
