import { type AuditSource, recordAudit } from '../../audit/record-audit.ts';
import type { DeliveryView } from '../../contract/webhook-delivery.ts';
import { isUuid, timeOfUuid } from '../../lib/uuid.ts';
import type { Database, Sql } from '../../storage/database.ts';
import { forOrganization } from '../../storage/row-level-security.ts';
import { readDelivery } from './delivery-row.ts';
import {
  DeliveryPrunedError,
  EndpointConflictError,
  EndpointNotFoundError,
} from './endpoint-errors.ts';
import { type EndpointKey, found, isEndpoint } from './endpoint-row.ts';
import { notifyDeliveryPools } from './release-deliveries.ts';

/**
 * Sends a delivery again. One that has ended starts over with all its attempts; an open one becomes due
 * now.
 *
 * @param by the actor, for the audit log. Its row is written in the same transaction.
 * @throws {EndpointNotFoundError} the organization has no such delivery.
 * @throws {DeliveryPrunedError} deliveries of its time are pruned.
 * @throws {EndpointConflictError} it was cancelled, it is a PING, or its endpoint is not ENABLED.
 */
export async function replayDelivery(
  database: Database,
  organizationId: string,
  deliveryId: string,
  by: AuditSource,
): Promise<DeliveryView> {
  return await forOrganization(database, organizationId, async (tx) => {
    const [row] = await tx<Replayed[]>`
      SELECT d.status, d.event_id,
        CASE WHEN p.deleted_at IS NULL THEN p.status ELSE 'DELETED' END AS endpoint_status
      FROM webhook_deliveries AS d JOIN webhook_endpoints AS p ON p.id = d.endpoint_id
      WHERE ${isUuid(deliveryId) ? tx`d.id = ${deliveryId}` : tx`false`}
        AND d.organization_id = ${organizationId}
      FOR NO KEY UPDATE OF d`;
    if (row === undefined) throw await missing(tx, deliveryId);
    requireReplayable(row);
    await tx`UPDATE webhook_deliveries SET ${dueNow(tx)} WHERE id = ${deliveryId}`;
    await notifyDeliveryPools(tx);
    const delivery = await readDelivery(tx, organizationId, deliveryId);
    await recordAudit(tx, {
      ...by,
      ...REPLAYED,
      organizationId,
      orderId: delivery.orderId ?? undefined,
    });
    return delivery;
  });
}

/** Tells a delivery that may have been pruned from one that never existed, by the time in its id. */
async function missing(sql: Sql, deliveryId: string): Promise<Error> {
  // Also asked for an id without a time, so that a delivery of somebody else is not told from none by its statements.
  const made = timeOfUuid(deliveryId) ?? null;
  const pruned = await sql`
    SELECT FROM pruning WHERE subject = 'webhook_deliveries' AND pruned_before > ${made}`;
  return pruned.length > 0 ? new DeliveryPrunedError() : new EndpointNotFoundError('delivery');
}

const REPLAYED = { action: 'DELIVERY_REPLAYED', result: 'OK' } as const;

/** Which of an endpoint's deliveries to send again. */
export interface ReplaySelection {
  /** Only deliveries created at or after this time. */
  readonly since: Date | undefined;
  /** Only dead letters; otherwise all that were not cancelled. */
  readonly deadOnly: boolean;
}

/**
 * Sends many deliveries of an endpoint again; see {@link replayDelivery}.
 *
 * @returns how many are sent again.
 * @throws {EndpointNotFoundError} the organization has no such endpoint.
 * @throws {EndpointConflictError} the endpoint is not ENABLED.
 */
export async function replayDeliveries(
  database: Database,
  key: EndpointKey,
  { since, deadOnly }: ReplaySelection,
  by: AuditSource,
): Promise<number> {
  return await forOrganization(database, key.organizationId, async (tx) => {
    const { id, status } = found(
      await tx<{ id: string; status: string }[]>`
        SELECT id, status FROM webhook_endpoints WHERE ${isEndpoint(tx, key)}`,
    );
    requireEnabled(status);
    const { count } = await tx`
      UPDATE webhook_deliveries SET ${dueNow(tx)}
      WHERE endpoint_id = ${id} AND event_id IS NOT NULL
        AND ${deadOnly ? tx`status = 'DEAD'` : tx`status <> 'CANCELLED'`}
        ${since === undefined ? tx`` : tx`AND created_at >= ${since}`}`;
    await notifyDeliveryPools(tx);
    await recordAudit(tx, { ...by, ...REPLAYED, organizationId: key.organizationId });
    return count;
  });
}

interface Replayed {
  status: DeliveryView['status'];
  eventId: string | null;
  endpointStatus: string;
}

function requireReplayable({ status, eventId, endpointStatus }: Replayed): void {
  if (eventId === null) {
    throw new EndpointConflictError('NOT_REPLAYABLE', 'a PING is not replayed: test the endpoint');
  }
  if (status === 'CANCELLED') {
    throw new EndpointConflictError('NOT_REPLAYABLE', 'a delivery that is CANCELLED stays so');
  }
  requireEnabled(endpointStatus);
}

function requireEnabled(status: string): void {
  if (status === 'ENABLED') return;
  throw new EndpointConflictError('ENDPOINT_NOT_ENABLED', `the endpoint is ${status}`);
}

/** The SQL assignments that make a delivery due. An attempt in flight keeps its lease. */
function dueNow(sql: Sql) {
  return sql`status = 'PENDING', next_attempt_at = now(), delivered_at = NULL,
    workflow_wanted = false,
    attempts = CASE WHEN status IN ('PENDING', 'RETRYING') THEN attempts ELSE 0 END,
    locked_until = CASE WHEN status IN ('PENDING', 'RETRYING') THEN locked_until END`;
}
