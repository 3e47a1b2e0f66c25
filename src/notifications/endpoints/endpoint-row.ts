import type { EndpointView } from '../../contract/webhook-endpoint.ts';
import { timestamp } from '../../lib/timestamp.ts';
import { isUuid } from '../../lib/uuid.ts';
import type { Sql } from '../../storage/database.ts';
import { EndpointNotFoundError } from './endpoint-errors.ts';

/** Identifies an endpoint of an organization. */
export interface EndpointKey {
  readonly organizationId: string;
  readonly endpointId: string;
}

/** The columns that {@link toEndpoint} needs: neither the secret nor the header's value. */
export function endpointColumns(sql: Sql) {
  return sql`id, url, events, description, document_format, payload_mode, auth_header_name, status,
    status_reason, failing_since, created_at, updated_at,
    CASE WHEN previous_secret_until > now() THEN previous_secret_until END AS previous_secret_until`;
}

/** A row of {@link endpointColumns}. */
export interface EndpointRow {
  id: string;
  url: string;
  events: EndpointView['events'];
  description: string | null;
  documentFormat: EndpointView['documentFormat'];
  payloadMode: EndpointView['payloadMode'];
  authHeaderName: string | null;
  status: EndpointView['status'];
  statusReason: string | null;
  failingSince: Date | null;
  previousSecretUntil: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

/** Converts a row to the endpoint that the API shows. */
export function toEndpoint(row: EndpointRow): EndpointView {
  const { failingSince, previousSecretUntil } = row;
  return {
    id: row.id,
    url: row.url,
    events: row.events,
    ...(row.description === null ? {} : { description: row.description }),
    documentFormat: row.documentFormat,
    payloadMode: row.payloadMode,
    ...(row.authHeaderName === null ? {} : { authHeader: { name: row.authHeaderName } }),
    status: row.status,
    ...(row.statusReason === null ? {} : { statusReason: row.statusReason }),
    ...(failingSince === null ? {} : { failingSince: timestamp(failingSince) }),
    ...(previousSecretUntil === null
      ? {}
      : { previousSecretUntil: timestamp(previousSecretUntil) }),
    createdAt: timestamp(row.createdAt),
    updatedAt: timestamp(row.updatedAt),
  };
}

/**
 * Returns the row that a query found.
 *
 * @throws {EndpointNotFoundError} it found none.
 */
export function found<Row>([row]: readonly Row[]): Row {
  if (row === undefined) throw new EndpointNotFoundError('endpoint');
  return row;
}

/** The SQL condition that a row of `webhook_endpoints` is this endpoint and not deleted. */
export function isEndpoint(sql: Sql, { organizationId, endpointId }: EndpointKey) {
  // Postgres fails on text that is not a UUID; here such an id is unknown.
  return isUuid(endpointId)
    ? sql`id = ${endpointId} AND organization_id = ${organizationId} AND deleted_at IS NULL`
    : sql`false`;
}
