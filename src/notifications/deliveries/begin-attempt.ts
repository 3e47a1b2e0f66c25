import type { Database, Sql } from '../../storage/database.ts';
import { inTransaction } from '../../storage/transaction.ts';
import type { Lease } from './delivery.ts';

/** Concurrent attempts by workflows at one endpoint over all processes, and at a failing one. */
const MOST_UNDER_WAY = 4;
const MOST_WHILE_FAILING = 1;
/** The waiting deliveries of one endpoint ask four times a second, all together. */
const ASK_EVERY_MS = 250;
const BUSY_MS = { least: 500, most: 60_000 };

/** What a delivery's workflow has to do now. */
export type Begun =
  | { readonly kind: 'begun'; readonly lease: Lease }
  | { readonly kind: 'ended'; readonly outcome: 'delivered' | 'dead' | 'cancelled' }
  /** The delivery is `PENDING`: its endpoint is paused or disabled, or the pool attempts it next. */
  | { readonly kind: 'held' }
  /** `busy`: the endpoint has as many attempts in flight as it may have. */
  | { readonly kind: 'wait'; readonly why: 'not_due' | 'busy'; readonly waitMs: number };

/**
 * Begins an attempt by a delivery's workflow if it is due and the endpoint has capacity. Otherwise
 * returns what the workflow has to do instead, which does not count as an attempt.
 *
 * @param leaseMs how long the attempt's lease lasts, in milliseconds.
 * @throws {Error} there is no such delivery.
 */
export async function beginAttempt(
  database: Database,
  deliveryId: string,
  leaseMs: number,
): Promise<Begun> {
  return await inTransaction(database, async (sql) => {
    const found = await readLocked(sql, deliveryId);
    switch (found.status) {
      case 'DELIVERED':
        return { kind: 'ended', outcome: 'delivered' };
      case 'DEAD':
        return { kind: 'ended', outcome: 'dead' };
      case 'CANCELLED':
        return { kind: 'ended', outcome: 'cancelled' };
      case 'PENDING':
        return { kind: 'held' };
      case 'RETRYING':
        return await beginOpen(sql, found, leaseMs);
    }
  });
}

async function beginOpen(sql: Sql, found: FoundDelivery, leaseMs: number): Promise<Begun> {
  const { id } = found;
  if (found.isDeleted) {
    await sql`
      UPDATE webhook_deliveries SET status = 'CANCELLED', next_attempt_at = NULL,
        workflow_wanted = false
      WHERE id = ${id}`;
    return { kind: 'ended', outcome: 'cancelled' };
  }
  if (found.endpointStatus !== 'ENABLED') {
    // next_attempt_at stays: the delivery resumes there when the endpoint is enabled.
    await sql`
      UPDATE webhook_deliveries SET status = 'PENDING', workflow_wanted = false WHERE id = ${id}`;
    return { kind: 'held' };
  }
  if (found.lockedMs > 0) return { kind: 'wait', why: 'busy', waitMs: found.lockedMs };
  if (found.dueMs > 0) return { kind: 'wait', why: 'not_due', waitMs: found.dueMs };
  if (found.underWay >= (found.isFailing ? MOST_WHILE_FAILING : MOST_UNDER_WAY)) {
    return await postpone(sql, found);
  }
  const [lease] = await sql<Lease[]>`
    UPDATE webhook_deliveries
    SET locked_until = clock_timestamp() + ${leaseMs} * interval '1 millisecond'
    WHERE id = ${id}
    RETURNING id AS delivery_id, endpoint_id, organization_id, locked_until::text AS token, attempts`;
  if (lease === undefined) throw new Error(`delivery ${id} is gone`);
  return { kind: 'begun', lease };
}

/**
 * Postpones a delivery; the more deliveries of its endpoint wait, the longer. The new time is stored, so
 * that the delivery does not count as overdue.
 */
async function postpone(sql: Sql, { id, endpointId }: FoundDelivery): Promise<Begun> {
  const [row] = await sql<{ waitMs: number }[]>`
    WITH waiting AS (
      SELECT count(*) AS others FROM webhook_deliveries
      WHERE endpoint_id = ${endpointId} AND status = 'RETRYING'
        AND next_attempt_at < now() + ${BUSY_MS.most} * interval '1 millisecond'
    )
    UPDATE webhook_deliveries SET next_attempt_at = now() + interval '1 millisecond'
      * least(${BUSY_MS.most}, greatest(${BUSY_MS.least}, others * ${ASK_EVERY_MS}))
      * (0.5 + random() / 2)
    FROM waiting WHERE id = ${id}
    RETURNING (extract(epoch FROM next_attempt_at - now()) * 1000)::float8 AS wait_ms`;
  return { kind: 'wait', why: 'busy', waitMs: row?.waitMs ?? BUSY_MS.least };
}

/** Reads a delivery, and locks its endpoint so that its other deliveries cannot begin meanwhile. */
async function readLocked(sql: Sql, deliveryId: string): Promise<FoundDelivery> {
  // The endpoint is locked before its delivery, as everywhere, so that there is no deadlock.
  await sql`
    SELECT FROM webhook_endpoints
    WHERE id = (SELECT endpoint_id FROM webhook_deliveries WHERE id = ${deliveryId})
    FOR NO KEY UPDATE`;
  const [found] = await sql<FoundDelivery[]>`
    SELECT d.id, d.endpoint_id, d.status, e.status AS endpoint_status,
      e.deleted_at IS NOT NULL AS is_deleted, e.failing_since IS NOT NULL AS is_failing,
      coalesce(extract(epoch FROM d.locked_until - now()) * 1000, 0)::float8 AS locked_ms,
      coalesce(extract(epoch FROM d.next_attempt_at - now()) * 1000, 0)::float8 AS due_ms,
      (SELECT count(*)::int FROM webhook_deliveries AS other
        WHERE other.endpoint_id = d.endpoint_id AND other.locked_until > now()) AS under_way
    FROM webhook_deliveries AS d JOIN webhook_endpoints AS e ON e.id = d.endpoint_id
    WHERE d.id = ${deliveryId}
    FOR UPDATE OF d`;
  if (found === undefined) throw new Error(`no delivery ${deliveryId}`);
  return found;
}

interface FoundDelivery {
  readonly id: string;
  readonly endpointId: string;
  readonly status: 'PENDING' | 'RETRYING' | 'DELIVERED' | 'DEAD' | 'CANCELLED';
  readonly endpointStatus: 'ENABLED' | 'PAUSED' | 'DISABLED';
  readonly isDeleted: boolean;
  readonly isFailing: boolean;
  readonly lockedMs: number;
  readonly dueMs: number;
  /** Attempts in flight at its endpoint. */
  readonly underWay: number;
}
