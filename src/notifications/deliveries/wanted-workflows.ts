import type { Sql } from '../../storage/database.ts';

/** A delivery whose workflow is to be started. */
export interface WantedWorkflow {
  readonly deliveryId: string;
  readonly endpointId: string;
  readonly organizationId: string;
  readonly event: string;
}

/** A workflow is late when its delivery's attempt is: it would have made it, or put it off. */
const LATE = '10 minutes';
const MOST_LATE = 100;

/**
 * Takes deliveries whose workflows are to be started, one of each endpoint before the second of any.
 * They count as started; one that cannot be is given back ({@link wantAgain}), and one that is lost
 * with its process is found late.
 */
export async function takeWanted(sql: Sql, most: number): Promise<WantedWorkflow[]> {
  return await sql<WantedWorkflow[]>`
    WITH RECURSIVE queued AS (
      (SELECT endpoint_id FROM webhook_deliveries WHERE workflow_wanted
        ORDER BY endpoint_id LIMIT 1)
      UNION ALL
      SELECT (
        SELECT d.endpoint_id FROM webhook_deliveries AS d
        WHERE d.workflow_wanted AND d.endpoint_id > queued.endpoint_id
        ORDER BY d.endpoint_id LIMIT 1)
      FROM queued WHERE queued.endpoint_id IS NOT NULL
    ), next AS (
      SELECT first.id,
        row_number() OVER (PARTITION BY queued.endpoint_id ORDER BY next_attempt_at, first.id) AS turn
      FROM queued CROSS JOIN LATERAL (
        SELECT d.id, d.next_attempt_at FROM webhook_deliveries AS d
        WHERE d.endpoint_id = queued.endpoint_id AND d.workflow_wanted
        ORDER BY d.next_attempt_at, d.id LIMIT ${most}
      ) AS first
    ), taken AS (
      SELECT d.id FROM webhook_deliveries AS d JOIN next ON next.id = d.id
      WHERE d.workflow_wanted ORDER BY turn, d.next_attempt_at, d.id
      LIMIT ${most} FOR UPDATE OF d SKIP LOCKED
    )
    UPDATE webhook_deliveries AS d
    SET workflow_wanted = false, next_attempt_at = greatest(next_attempt_at, now())
    FROM taken WHERE d.id = taken.id
    RETURNING d.id AS delivery_id, endpoint_id, organization_id, event`;
}

/** Gives back what could not be started. */
export async function wantAgain(sql: Sql, deliveryId: string): Promise<void> {
  await sql`
    UPDATE webhook_deliveries SET workflow_wanted = true
    WHERE id = ${deliveryId} AND status = 'RETRYING'`;
}

/** Ends what was queued for an endpoint in the same instant in which it was deleted. */
export async function cancelOfDeleted(sql: Sql): Promise<void> {
  await sql`
    UPDATE webhook_deliveries AS d SET status = 'CANCELLED', next_attempt_at = NULL
    FROM webhook_endpoints AS e
    WHERE e.id = d.endpoint_id AND e.deleted_at IS NOT NULL AND d.status = 'PENDING'`;
}

/** Wants the workflows again of deliveries that are late, such as a wiped Temporal's; they may run yet. */
export async function wantLate(sql: Sql): Promise<number> {
  const { count } = await sql`
    WITH late AS (
      SELECT id FROM webhook_deliveries
      WHERE status = 'RETRYING' AND NOT workflow_wanted
        AND next_attempt_at < now() - ${LATE}::interval
      ORDER BY next_attempt_at LIMIT ${MOST_LATE} FOR UPDATE SKIP LOCKED
    )
    UPDATE webhook_deliveries AS d SET workflow_wanted = true FROM late WHERE d.id = late.id`;
  return count;
}
