import type { Sql } from '../../storage/database.ts';
import { endpointSecrets } from '../endpoint-secrets.ts';
import { openEvents } from '../events/open-events.ts';
import type { StoredEvent } from '../events/stored-event.ts';

/** The right to make one attempt at a delivery, until it runs out. */
export interface Lease {
  readonly deliveryId: string;
  readonly endpointId: string;
  readonly organizationId: string;
  /** `locked_until` to the microsecond: who takes the delivery over has another. */
  readonly token: string;
  /** Attempts so far. */
  readonly attempts: number;
}

/** What an attempt is made of. */
export interface LoadedDelivery {
  readonly endpoint: {
    readonly id: string;
    readonly url: string;
    readonly documentFormat: 'url' | 'base64';
    readonly payloadMode: 'event' | 'full';
    readonly authHeaderName: string | null;
    readonly authHeaderValue: string | null;
    /** Those that sign now, the newest first. */
    readonly secrets: readonly [string, ...string[]];
  };
  /** null: a `PING`. */
  readonly event: StoredEvent | null;
}

/**
 * Reads what an attempt is made of.
 *
 * @throws {Error} there is no such delivery: a lease without its row can only be a mistake.
 */
export async function loadDelivery(sql: Sql, deliveryId: string): Promise<LoadedDelivery> {
  const [row] = await sql<DeliveryRow[]>`
    SELECT e.id AS endpoint_id, e.url, e.document_format, e.payload_mode, e.auth_header_name,
      e.auth_header_value, e.secret,
      CASE WHEN e.previous_secret_until > now() THEN e.previous_secret END AS previous_secret,
      events.id AS event_id, events.organization_id, events.sequence, events.event,
      events.content, events.created_at
    FROM webhook_deliveries AS d
    JOIN webhook_endpoints AS e ON e.id = d.endpoint_id
    LEFT JOIN events ON events.id = d.event_id
    WHERE d.id = ${deliveryId}`;
  if (row === undefined) throw new Error(`no delivery ${deliveryId}`);
  const { endpointId: id, url, documentFormat, payloadMode } = row;
  const { authHeaderName } = row;
  const { authHeaderValue, secret, previousSecret } = await endpointSecrets(sql, id, row);
  const [event = null] =
    row.eventId === null ? [] : await openEvents(sql, [{ ...row, id: row.eventId }]);
  return {
    endpoint: {
      id,
      url,
      documentFormat,
      payloadMode,
      authHeaderName,
      authHeaderValue,
      secrets: previousSecret === null ? [secret] : [secret, previousSecret],
    },
    event,
  };
}

interface DeliveryRow
  extends Omit<StoredEvent, 'id'>,
    Omit<LoadedDelivery['endpoint'], 'id' | 'secrets'> {
  readonly endpointId: string;
  readonly secret: string;
  readonly previousSecret: string | null;
  readonly eventId: string | null;
}
