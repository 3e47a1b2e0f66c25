import type { Sql } from '../../storage/database.ts';
import { type DeliveryRow, deliveryColumns, type Lease } from './delivery.ts';

/** How many attempts one process makes at the same time. */
export interface AttemptLimits {
  readonly total: number;
  readonly ofOrganization: number;
  readonly ofEndpoint: number;
}

/** A lease, with the delivery that it is for. */
export type LeasedDelivery = Lease & DeliveryRow;

/** The result of {@link leaseDeliveries}. */
export interface LeasedDeliveries {
  readonly leases: readonly LeasedDelivery[];
  /** Whether further deliveries are due. */
  readonly more: boolean;
  /** Whether deliveries wait for an endpoint that is failing; see {@link handOverFailing}. */
  readonly failing: boolean;
}

/** Candidate rows for each row requested, so that processes that query at the same time all get some. */
const SPARE = 4;
/** Deliveries handed over by one statement. */
const MOST_HANDED_OVER = 200;
/** A failing endpoint has at most so many workflows whose attempt is due now or within `READY_MS`. */
const MOST_READY = 8;
const READY_MS = 2_000;

/**
 * Leases due deliveries for the pool, fairly: in turn by organization, and within an organization in
 * turn by endpoint. So neither a burst nor an endpoint that hangs delays the deliveries of others.
 * Deliveries to paused, disabled, deleted or failing endpoints are left out. The cost grows with the
 * number of endpoints that have deliveries, not with the number of deliveries, because the query skips
 * through the index from endpoint to endpoint (as in `engine/outbox.ts`).
 *
 * @param leaseMs how long the leases last, in milliseconds.
 * @param inHand leases that this process holds.
 */
export async function leaseDeliveries(
  sql: Sql,
  leaseMs: number,
  limits: AttemptLimits,
  inHand: readonly Lease[],
): Promise<LeasedDeliveries> {
  const free = limits.total - inHand.length;
  const rows = await sql<(LeasedDelivery & { more: boolean; failing: boolean })[]>`
    WITH RECURSIVE queued AS (
      (SELECT endpoint_id FROM webhook_deliveries WHERE status = 'PENDING'
        ORDER BY endpoint_id LIMIT 1)
      UNION ALL
      SELECT (
        SELECT d.endpoint_id FROM webhook_deliveries AS d
        WHERE d.status = 'PENDING' AND d.endpoint_id > queued.endpoint_id
        ORDER BY d.endpoint_id LIMIT 1)
      FROM queued WHERE queued.endpoint_id IS NOT NULL
    ), in_hand AS (
      SELECT * FROM unnest(
        ${inHand.map((lease) => lease.endpointId)}::uuid[],
        ${inHand.map((lease) => lease.organizationId)}::uuid[]) AS held (endpoint_id, organization_id)
    ), reachable AS (
      SELECT e.id, e.organization_id, e.failing_since IS NOT NULL AS failing
      FROM queued JOIN webhook_endpoints AS e ON e.id = queued.endpoint_id
        AND e.status = 'ENABLED' AND e.deleted_at IS NULL
    ), due AS (
      SELECT next.id, next.next_attempt_at, e.organization_id,
        (SELECT count(*) FROM in_hand WHERE endpoint_id = e.id)
          + row_number() OVER (PARTITION BY e.id ORDER BY next_attempt_at, next.id) AS turn
      FROM reachable AS e
      CROSS JOIN LATERAL (
        SELECT d.id, d.next_attempt_at FROM webhook_deliveries AS d
        WHERE d.endpoint_id = e.id AND d.status = 'PENDING' AND d.next_attempt_at <= now()
          AND (d.locked_until IS NULL OR d.locked_until < now())
        ORDER BY d.next_attempt_at, d.id
        LIMIT ${limits.ofEndpoint * SPARE}
      ) AS next
      WHERE NOT failing
    ), in_turn AS (
      SELECT id, next_attempt_at,
        (SELECT count(*) FROM in_hand WHERE organization_id = due.organization_id)
          + row_number() OVER (
            PARTITION BY organization_id ORDER BY turn, next_attempt_at, id) AS turn
      FROM due WHERE turn <= ${limits.ofEndpoint}
    ), taken AS (
      SELECT d.id FROM webhook_deliveries AS d JOIN in_turn ON in_turn.id = d.id
      WHERE d.status = 'PENDING' AND (d.locked_until IS NULL OR d.locked_until < now())
        AND turn <= ${limits.ofOrganization}
      ORDER BY turn, in_turn.next_attempt_at, d.id
      LIMIT ${free}
      FOR UPDATE OF d SKIP LOCKED
    ), leased AS (
      UPDATE webhook_deliveries AS d
      SET locked_until = clock_timestamp() + ${leaseMs} * interval '1 millisecond'
      FROM taken WHERE d.id = taken.id
      RETURNING d.id AS delivery_id, d.endpoint_id, d.event_id, locked_until::text AS token, attempts
    )
    SELECT delivery_id, token, attempts, delivery.*, rest.*
    FROM (SELECT
      (SELECT count(*) FROM due) > (SELECT count(*) FROM taken) AS more,
      EXISTS (SELECT FROM reachable WHERE failing) AS failing
    ) AS rest
    LEFT JOIN leased ON true
    LEFT JOIN LATERAL (
      SELECT ${deliveryColumns(sql)}
      FROM webhook_endpoints AS e LEFT JOIN events ON events.id = leased.event_id
      WHERE e.id = leased.endpoint_id
    ) AS delivery ON true`;
  const leases = rows.filter(({ deliveryId }) => deliveryId !== null);
  return { leases, more: rows[0]?.more ?? false, failing: rows[0]?.failing ?? false };
}

/**
 * Hands due deliveries of failing endpoints over to workflows without a first attempt, because an
 * endpoint that hangs would occupy the pool. Hands over only as many as the endpoint can process: the
 * rest of a burst waits in Postgres at no cost, and needs no workflow at all if the endpoint recovers.
 *
 * @returns how many were handed over.
 */
export async function handOverFailing(sql: Sql): Promise<number> {
  // MATERIALIZED makes Postgres compute the list once, not again for each candidate row.
  const { count } = await sql`
    WITH due AS MATERIALIZED (
      SELECT next.id FROM webhook_endpoints AS e
      CROSS JOIN LATERAL (
        SELECT count(*) AS workflows FROM (
          SELECT FROM webhook_deliveries AS d
          WHERE d.endpoint_id = e.id AND d.status = 'RETRYING'
            AND d.next_attempt_at <= now() + ${READY_MS} * interval '1 millisecond'
          LIMIT ${MOST_READY}) AS counted
      ) AS ready
      CROSS JOIN LATERAL (
        SELECT d.id, row_number() OVER (ORDER BY d.next_attempt_at, d.id) AS place
        FROM webhook_deliveries AS d
        WHERE d.endpoint_id = e.id AND d.status = 'PENDING' AND d.next_attempt_at <= now()
          AND (d.locked_until IS NULL OR d.locked_until < now())
        ORDER BY d.next_attempt_at, d.id
        LIMIT ${MOST_READY}
      ) AS next
      WHERE e.failing_since IS NOT NULL AND e.status = 'ENABLED' AND e.deleted_at IS NULL
        AND place + workflows <= ${MOST_READY}
      LIMIT ${MOST_HANDED_OVER}
    ), taken AS (
      SELECT d.id FROM webhook_deliveries AS d JOIN due ON due.id = d.id
      WHERE d.status = 'PENDING' AND (d.locked_until IS NULL OR d.locked_until < now())
      FOR UPDATE OF d SKIP LOCKED
    )
    UPDATE webhook_deliveries AS d
    SET status = 'RETRYING', workflow_wanted = true, start_locked_until = NULL, locked_until = NULL
    FROM taken WHERE d.id = taken.id`;
  return count;
}

/** Releases a lease whose attempt was not made, or whose result is unknown. */
export async function releaseLease(sql: Sql, { deliveryId, token }: Lease): Promise<void> {
  await sql`
    UPDATE webhook_deliveries SET locked_until = NULL
    WHERE id = ${deliveryId} AND locked_until::text = ${token}`;
}
