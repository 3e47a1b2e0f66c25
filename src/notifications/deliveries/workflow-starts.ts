import type { Client } from '@temporalio/client';
import type { Sql } from '../../storage/database.ts';
import {
  WEBHOOK_DELIVERY_WORKFLOW,
  type WebhookDeliveryInput,
  webhookDeliveryWorkflowId,
} from '../../workflows/webhook-delivery-messages.ts';

/** A queued start of a delivery's workflow: its row has `workflow_wanted`. */
export interface WorkflowStart {
  /** Identifies the lease: only its holder may remove the start from the queue, or release it. */
  readonly token: string;
  readonly deliveryId: string;
  readonly endpointId: string;
  readonly organizationId: string;
  readonly event: string;
}

/** Starts the workflow that retries a delivery, and terminates one that runs already. */
export type StartDeliveryWorkflow = (start: WorkflowStart) => Promise<void>;

/**
 * A workflow counts as lost when its delivery's attempt is overdue for so long: a running workflow
 * would have made the attempt or postponed it.
 */
const OVERDUE = '10 minutes';
/** Longer than the longest call to Temporal, so that another worker starts it only if this one died. */
const START_LEASE = '20 seconds';
const MOST_OVERDUE = 100;

/** Creates the function that starts workflows of deliveries on a task queue. */
export function createStartWorkflow(client: Client, taskQueue: string): StartDeliveryWorkflow {
  return async ({ deliveryId, endpointId, organizationId, event }) => {
    const input: WebhookDeliveryInput = { deliveryId };
    await client.workflow.start(WEBHOOK_DELIVERY_WORKFLOW, {
      workflowId: webhookDeliveryWorkflowId(deliveryId),
      taskQueue,
      args: [input],
      // A running workflow waits for a time from before the delivery was replayed, or has only its last
      // task left. The row's lease keeps its attempt from counting in addition to a new one.
      workflowIdConflictPolicy: 'TERMINATE_EXISTING',
      // A delivery that was replayed or held may need a second workflow.
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      staticSummary: `${event} to endpoint ${endpointId}`,
      priority: { fairnessKey: organizationId },
    });
  };
}

/**
 * Leases queued starts, one of each endpoint before the second of any. {@link completeStart} removes a start
 * from the queue; {@link releaseStart} makes it available again when it failed. If the process dies instead,
 * its lease expires, and another one starts the workflow, once more if need be.
 */
export async function takeStarts(sql: Sql, most: number): Promise<WorkflowStart[]> {
  return await sql<WorkflowStart[]>`
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
          AND (d.start_locked_until IS NULL OR d.start_locked_until < now())
        ORDER BY d.next_attempt_at, d.id LIMIT ${most}
      ) AS first
    ), taken AS (
      SELECT d.id FROM webhook_deliveries AS d JOIN next ON next.id = d.id
      WHERE d.workflow_wanted AND (d.start_locked_until IS NULL OR d.start_locked_until < now())
      ORDER BY turn, d.next_attempt_at, d.id
      LIMIT ${most} FOR UPDATE OF d SKIP LOCKED
    )
    UPDATE webhook_deliveries AS d
    SET start_locked_until = clock_timestamp() + ${START_LEASE}::interval,
      next_attempt_at = greatest(next_attempt_at, now())
    FROM taken WHERE d.id = taken.id
    RETURNING d.id AS delivery_id, endpoint_id, organization_id, event,
      start_locked_until::text AS token`;
}

/** Removes a start from the queue, because Temporal has accepted it. */
export async function completeStart(sql: Sql, { deliveryId, token }: WorkflowStart): Promise<void> {
  await sql`
    UPDATE webhook_deliveries SET workflow_wanted = false, start_locked_until = NULL
    WHERE id = ${deliveryId} AND start_locked_until::text = ${token}`;
}

/** Makes a start that failed available again. */
export async function releaseStart(sql: Sql, { deliveryId, token }: WorkflowStart): Promise<void> {
  await sql`
    UPDATE webhook_deliveries SET start_locked_until = NULL
    WHERE id = ${deliveryId} AND start_locked_until::text = ${token}`;
}

/**
 * Queues the starts of deliveries whose attempts are overdue, for example because Temporal lost its
 * workflows. A workflow that does run is terminated by the start.
 *
 * @returns how many.
 */
export async function queueOverdueStarts(sql: Sql): Promise<number> {
  const { count } = await sql`
    WITH overdue AS (
      SELECT id FROM webhook_deliveries
      WHERE status = 'RETRYING' AND NOT workflow_wanted
        AND next_attempt_at < now() - ${OVERDUE}::interval
      ORDER BY next_attempt_at LIMIT ${MOST_OVERDUE} FOR UPDATE SKIP LOCKED
    )
    UPDATE webhook_deliveries AS d SET workflow_wanted = true FROM overdue WHERE d.id = overdue.id`;
  return count;
}

/** Cancels deliveries that were queued for an endpoint while it was being deleted. */
export async function cancelForDeletedEndpoints(sql: Sql): Promise<void> {
  await sql`
    UPDATE webhook_deliveries AS d SET status = 'CANCELLED', next_attempt_at = NULL
    FROM webhook_endpoints AS e
    WHERE e.id = d.endpoint_id AND e.deleted_at IS NOT NULL AND d.status = 'PENDING'`;
}
