import type { Database, Sql } from '../../storage/database.ts';
import { inTransaction } from '../../storage/transaction.ts';
import { type AttemptOutcome, GONE, INTERNAL } from '../attempt-outcome.ts';
import { sealAnswer } from '../sealed-answer.ts';
import type { Lease } from './delivery.ts';

/** The state of a delivery after an attempt. */
export type Recorded =
  | { readonly status: 'DELIVERED' | 'DEAD' | 'CANCELLED' }
  | { readonly status: 'RETRYING'; readonly nextAttemptAt: Date; readonly delayMs: number }
  /** The lease expired and another process took over: its record counts, this one was dropped. */
  | { readonly status: 'SUPERSEDED' };

/** An attempt, and what follows from it. */
export interface AttemptRecord {
  readonly outcome: AttemptOutcome;
  /** Time until the next attempt in milliseconds; undefined after the last one. */
  readonly waitMs: number | undefined;
  /** An endpoint that has been failing for so many milliseconds is paused. */
  readonly pauseAfterMs: number;
  /** The delivery's workflow made the attempt, so none has to be started. */
  readonly byWorkflow: boolean;
  readonly wasFailing: boolean;
}

/**
 * Records an attempt in one transaction: a row in the delivery log, the new state of the delivery, and
 * the state of the endpoint. Records nothing if the lease was taken over.
 *
 * @param attempt.wasFailing whether the endpoint was failing when the attempt began. After a success at an
 *   endpoint that was not, nothing changes there, and one statement is enough.
 */
export async function recordAttempt(
  database: Database,
  lease: Lease,
  attempt: AttemptRecord,
): Promise<Recorded> {
  const { organizationId, deliveryId } = lease;
  const answer = await sealAnswer(
    database,
    organizationId,
    deliveryId,
    attempt.outcome.answerStart,
  );
  if (attempt.outcome.errorClass === undefined && !attempt.wasFailing) {
    return await recordOnDelivery(database, lease, attempt, answer);
  }
  return await inTransaction(database, async (sql) => {
    // The endpoint is locked before its delivery, as everywhere, so that there is no deadlock.
    await recordOnEndpoint(sql, lease, attempt);
    return await recordOnDelivery(sql, lease, attempt, answer);
  });
}

async function recordOnEndpoint(
  sql: Sql,
  lease: Lease,
  { outcome, pauseAfterMs }: AttemptRecord,
): Promise<void> {
  if (outcome.errorClass === INTERNAL) return;
  if (outcome.errorClass === undefined) {
    await sql`
      UPDATE webhook_endpoints SET failing_since = NULL
      WHERE id = ${lease.endpointId} AND failing_since IS NOT NULL AND ${isHeld(sql, lease)}
      RETURNING pg_notify('deliveries', '')`;
  } else if (outcome.statusCode === GONE) {
    await disable(sql, lease);
  } else {
    await sql`
      WITH change AS (
        SELECT id, status = 'ENABLED'
          AND failing_since < now() - ${pauseAfterMs} * interval '1 millisecond' AS pauses
        FROM webhook_endpoints WHERE id = ${lease.endpointId} AND ${isHeld(sql, lease)}
        FOR NO KEY UPDATE)
      UPDATE webhook_endpoints AS e SET
        failing_since = coalesce(failing_since, now()),
        status = CASE WHEN pauses THEN 'PAUSED' ELSE status END,
        status_reason = CASE WHEN pauses THEN 'FAILED_FOR_DAYS' ELSE status_reason END,
        updated_at = CASE WHEN pauses THEN now() ELSE updated_at END
      FROM change WHERE e.id = change.id AND (failing_since IS NULL OR pauses)`;
  }
}

/** Disables an endpoint that answered 410, and notifies the organization's other endpoints. */
async function disable(sql: Sql, lease: Lease): Promise<void> {
  const reason = 'ANSWERED_GONE';
  const [endpoint] = await sql<{ id: string; url: string }[]>`
    UPDATE webhook_endpoints SET status = 'DISABLED', status_reason = ${reason}, updated_at = now(),
      failing_since = coalesce(failing_since, now())
    WHERE id = ${lease.endpointId} AND status <> 'DISABLED' AND deleted_at IS NULL AND ${isHeld(sql, lease)}
    RETURNING id, url`;
  if (endpoint === undefined) return;
  const [event] = await sql<{ id: string }[]>`
    INSERT INTO events (id, organization_id, event, content)
    VALUES (uuidv7(), ${lease.organizationId}, 'ENDPOINT_DISABLED',
      jsonb_build_object('endpoint', jsonb_build_object(
        'id', ${endpoint.id}::text, 'url', ${endpoint.url}::text, 'reason', ${reason}::text)))
    RETURNING id`;
  await sql`
    SELECT queue_event(events, ${endpoint.id}::uuid) FROM events WHERE id = ${event?.id ?? null}`;
}

/** The SQL condition that the lease was not taken over. */
function isHeld(sql: Sql, { deliveryId, token }: Lease) {
  return sql`EXISTS (
    SELECT FROM webhook_deliveries WHERE id = ${deliveryId} AND locked_until::text = ${token})`;
}

async function recordOnDelivery(
  sql: Sql,
  lease: Lease,
  { outcome, waitMs, byWorkflow }: AttemptRecord,
  answer: string | null,
): Promise<Recorded> {
  const isDelivered = outcome.errorClass === undefined;
  const nextMs = isDelivered || outcome.statusCode === GONE ? undefined : waitMs;
  const status = isDelivered ? 'DELIVERED' : nextMs === undefined ? 'DEAD' : 'RETRYING';
  const [row] = await sql<{ status: Recorded['status']; nextAttemptAt: Date | null }[]>`
    WITH recorded AS (
      UPDATE webhook_deliveries SET attempts = attempts + 1, locked_until = NULL,
        -- The endpoint may have been deleted during the attempt.
        status = CASE WHEN status = 'CANCELLED' THEN status ELSE ${status}::text END,
        next_attempt_at = CASE WHEN status <> 'CANCELLED'
          THEN now() + ${nextMs ?? null}::float8 * interval '1 millisecond' END,
        workflow_wanted = status <> 'CANCELLED' AND ${status === 'RETRYING' && !byWorkflow}::boolean,
        start_locked_until = NULL,
        delivered_at = CASE WHEN ${isDelivered}::boolean THEN now() END
      WHERE id = ${lease.deliveryId} AND locked_until::text = ${lease.token}
        AND attempts = ${lease.attempts}
      RETURNING id, status, next_attempt_at
    ), logged AS (
      INSERT INTO webhook_attempts
        (delivery_id, at, duration_ms, status_code, error_class, answer_start, next_attempt_at)
      SELECT id, clock_timestamp() - ${outcome.durationMs}::int * interval '1 millisecond',
        ${outcome.durationMs}::int, ${outcome.statusCode ?? null}::int,
        ${outcome.errorClass ?? null}::text, ${answer}::text, next_attempt_at
      FROM recorded
    )
    SELECT status, next_attempt_at FROM recorded`;
  if (row === undefined) return { status: 'SUPERSEDED' };
  if (row.status !== 'RETRYING') return { status: row.status };
  const { nextAttemptAt } = row;
  return { status: 'RETRYING', nextAttemptAt: nextAttemptAt ?? new Date(), delayMs: nextMs ?? 0 };
}
