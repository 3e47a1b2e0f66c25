import { DELIVERED_EVENTS } from '../contract/webhook-delivery.ts';
import type { EndpointView } from '../contract/webhook-endpoint.ts';
import { isUuid } from '../lib/uuid.ts';
import {
  type EndpointRow,
  endpointColumns,
  toEndpoint,
} from '../notifications/endpoints/endpoint-row.ts';
import type { Sql } from '../storage/database.ts';

/** Deliveries are counted up to this number, so that a large backlog costs no more than a small one. */
export const MOST_COUNTED = 1_000;

/** An endpoint of any organization, with its health. */
export interface OperatorEndpoint extends EndpointView {
  readonly organizationId: string;
  readonly organizationName: string;
  /** Deliveries whose attempts all failed, at most {@link MOST_COUNTED}. */
  readonly dead: number;
  /** Deliveries that wait for an attempt, at most {@link MOST_COUNTED}. */
  readonly open: number;
  /** When the newest delivery arrived; null if none did. */
  readonly lastDeliveredAt: Date | null;
}

/** Selects endpoints; an undefined field does not restrict the selection. */
export interface EndpointFilter {
  readonly organizationId?: string | undefined;
  readonly endpointId?: string | undefined;
  /** Only endpoints that fail, are paused or are disabled. */
  readonly unhealthy?: boolean;
  readonly limit: number;
}

/** Lists endpoints of all organizations: those that do not work first, then the newest. Deleted ones are left out. */
export async function listEndpointsForOperators(
  sql: Sql,
  { organizationId, endpointId, unhealthy = false, limit }: EndpointFilter,
): Promise<OperatorEndpoint[]> {
  const isUnhealthy = sql`(status <> 'ENABLED' OR failing_since IS NOT NULL)`;
  // By the index of an endpoint's deliveries, which begins with the endpoint, the event and the status.
  const count = (statuses: readonly string[]) => sql`(
    SELECT count(*)::int FROM (SELECT FROM unnest(${DELIVERED_EVENTS}::text[]) AS listed (event)
      CROSS JOIN unnest(${[...statuses]}::text[]) AS kept (status)
      CROSS JOIN LATERAL (SELECT FROM webhook_deliveries AS d WHERE d.endpoint_id = e.id
        AND d.event = listed.event AND d.status = kept.status LIMIT ${MOST_COUNTED}) AS each
      LIMIT ${MOST_COUNTED}) AS counted)`;
  const rows = await sql<(EndpointRow & Pick<OperatorEndpoint, Own>)[]>`
    SELECT e.*, organizations.name AS organization_name,
      ${count(['DEAD'])} AS dead, ${count(['PENDING', 'RETRYING'])} AS open,
      (SELECT max(newest.delivered_at) FROM unnest(${DELIVERED_EVENTS}::text[]) AS listed (event)
        CROSS JOIN LATERAL (${newestDelivered(sql)}) AS newest
        WHERE newest.endpoint_id = e.id AND newest.event = listed.event
          AND newest.status = 'DELIVERED') AS last_delivered_at
    FROM (SELECT organization_id, ${endpointColumns(sql)} FROM webhook_endpoints
      WHERE deleted_at IS NULL
        ${organizationId === undefined ? sql`` : sql`AND ${isUuid(organizationId) ? sql`organization_id = ${organizationId}` : sql`false`}`}
        ${endpointId === undefined ? sql`` : sql`AND ${isUuid(endpointId) ? sql`id = ${endpointId}` : sql`false`}`}
        ${unhealthy ? sql`AND ${isUnhealthy}` : sql``}
      ORDER BY ${isUnhealthy} DESC, id DESC LIMIT ${limit}) AS e
    JOIN organizations ON organizations.id = e.organization_id
    ORDER BY ${isUnhealthy} DESC, e.id DESC`;
  return rows.map((row) => ({
    ...toEndpoint(row),
    ...{ organizationId: row.organizationId, organizationName: row.organizationName },
    ...{ dead: row.dead, open: row.open, lastDeliveredAt: row.lastDeliveredAt },
  }));
}

type Own = 'organizationId' | 'organizationName' | 'dead' | 'open' | 'lastDeliveredAt';

/**
 * The last entry of the index of deliveries that is not after the delivered ones of an endpoint and an event. A condition
 * for each column would also fit the index of ids, which Postgres then reads from the newest delivery of all on.
 */
function newestDelivered(sql: Sql) {
  return sql`
    SELECT endpoint_id, d.event, status, delivered_at FROM webhook_deliveries AS d
    WHERE (d.endpoint_id, d.event, d.status, d.id)
      <= (e.id, listed.event, 'DELIVERED', 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
    ORDER BY d.endpoint_id DESC, d.event DESC, d.status DESC, d.id DESC LIMIT 1`;
}
