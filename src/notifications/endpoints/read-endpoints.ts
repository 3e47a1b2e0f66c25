import type { PageQuery } from '../../contract/order-query.ts';
import type { EndpointPage, EndpointView } from '../../contract/webhook-endpoint.ts';
import { readCursor, writeCursor } from '../../lib/cursor.ts';
import { InvalidCursorError } from '../../orders/order-errors.ts';
import type { Sql } from '../../storage/database.ts';
import {
  type EndpointKey,
  type EndpointRow,
  endpointColumns,
  found,
  isEndpoint,
  toEndpoint,
} from './endpoint-row.ts';

const LIST = 'endpoints';
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Reads one endpoint of an organization.
 *
 * @throws {EndpointNotFoundError} the organization has no such endpoint.
 */
export async function readEndpoint(sql: Sql, key: EndpointKey): Promise<EndpointView> {
  const rows = await sql<EndpointRow[]>`
    SELECT ${endpointColumns(sql)} FROM webhook_endpoints WHERE ${isEndpoint(sql, key)}`;
  return toEndpoint(found(rows));
}

/**
 * Lists an organization's endpoints, newest first.
 *
 * @throws {InvalidCursorError} the cursor is not from this list.
 */
export async function listEndpoints(
  sql: Sql,
  organizationId: string,
  { cursor, limit }: PageQuery,
): Promise<EndpointPage> {
  const after = cursor === undefined ? [] : readCursor(cursor, LIST, [UUID]);
  if (after === undefined) throw new InvalidCursorError();
  // The ids are UUIDs of version 7, so their order is the order of creation.
  const rows = await sql<EndpointRow[]>`
    SELECT ${endpointColumns(sql)} FROM webhook_endpoints
    WHERE organization_id = ${organizationId} AND deleted_at IS NULL
      ${after[0] === undefined ? sql`` : sql`AND id < ${after[0]}`}
    ORDER BY id DESC
    LIMIT ${limit + 1}`;
  const endpoints = rows.slice(0, limit).map(toEndpoint);
  const last = endpoints.at(-1);
  return {
    endpoints,
    nextCursor: rows.length > limit && last !== undefined ? writeCursor(LIST, [last.id]) : null,
  };
}
