import type { Sql } from '../../storage/database.ts';
import { isTracing } from '../../tracing/tracer.ts';
import { openEndpointSecrets, type SealedEndpointSecrets } from '../endpoint-secrets.ts';
import { openEvents } from '../events/open-events.ts';
import type { StoredEvent } from '../events/stored-event.ts';
import type { WebhookTarget } from '../sending/send-webhook.ts';

/** The right to make one attempt at a delivery, until the lease expires. */
export interface Lease {
  readonly deliveryId: string;
  readonly endpointId: string;
  readonly organizationId: string;
  /** `locked_until` to the microsecond: a process that takes over the delivery gets another token. */
  readonly token: string;
  /** Attempts so far. */
  readonly attempts: number;
}

/** Everything that an attempt needs. */
export interface LoadedDelivery {
  readonly endpoint: WebhookTarget & {
    readonly id: string;
    readonly documentFormat: 'url' | 'base64';
    readonly payloadMode: 'event' | 'full';
    readonly isFailing: boolean;
  };
  /** null for a `PING`. */
  readonly event: StoredEvent | null;
}

/**
 * Reads everything that an attempt needs.
 *
 * @throws {Error} there is no such delivery. Rows are never deleted, so this is a programming error.
 */
export async function readDelivery(sql: Sql, deliveryId: string): Promise<DeliveryRow> {
  const [row] = await sql<DeliveryRow[]>`
    SELECT ${deliveryColumns(sql)}
    FROM webhook_deliveries AS d
    JOIN webhook_endpoints AS e ON e.id = d.endpoint_id
    LEFT JOIN events ON events.id = d.event_id
    WHERE d.id = ${deliveryId}`;
  if (row === undefined) throw new Error(`no delivery ${deliveryId}`);
  return row;
}

/** The columns of a {@link DeliveryRow}, from endpoints `e` and `events`. */
export function deliveryColumns(sql: Sql) {
  return sql`e.id AS endpoint_id, e.organization_id, e.url, e.document_format, e.payload_mode, e.auth_header_name,
      e.failing_since IS NOT NULL AS is_failing,
      e.auth_header_value, e.secret,
      CASE WHEN e.previous_secret_until > now() THEN e.previous_secret END AS previous_secret,
      events.id AS event_id, events.sequence, events.event,
      events.content, events.created_at,
      ${isTracing() ? sql`(SELECT traceparent FROM orders WHERE orders.id = events.order_id)` : sql`NULL`} AS traceparent`;
}

/** Decrypts a delivery. */
export async function openDelivery(sql: Sql, row: DeliveryRow): Promise<LoadedDelivery> {
  const { endpointId: id, organizationId, url, documentFormat } = row;
  const { payloadMode, authHeaderName, isFailing } = row;
  const secrets = await openEndpointSecrets(sql, id, row);
  const [event = null] =
    row.eventId === null ? [] : await openEvents(sql, [{ ...row, id: row.eventId }]);
  const target = {
    ...{ id, organizationId, url, documentFormat, payloadMode, authHeaderName, isFailing },
  };
  return { endpoint: { ...target, ...secrets }, event };
}

/** A delivery with its endpoint and event, whose secrets and patient data are encrypted. */
export interface DeliveryRow
  extends Omit<StoredEvent, 'id'>,
    SealedEndpointSecrets,
    Pick<
      LoadedDelivery['endpoint'],
      'url' | 'documentFormat' | 'payloadMode' | 'authHeaderName' | 'isFailing'
    > {
  readonly endpointId: string;
  readonly eventId: string | null;
  /** The trace of the event's order; null while tracing is off. */
  readonly traceparent: string | null;
}
