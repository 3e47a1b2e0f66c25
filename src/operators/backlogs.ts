import { isDelayed } from '../orders/delay.ts';
import type { Sql } from '../storage/database.ts';

/** Work that is not done yet, and mismatches between Postgres and Temporal, as counts without names. */
export interface Backlogs {
  readonly outbox: OutboxBacklog;
  readonly reconciler: ReconcilerState;
  readonly orders: OpenOrders;
  readonly deliveries: DeliveryBacklog;
}

/** Rows that Temporal has not accepted yet. */
interface OutboxBacklog {
  readonly depth: number;
  /** Age of the oldest row, in seconds; 0 when the outbox is empty. */
  readonly oldestSeconds: number;
  /** Rows with at least one failed attempt. */
  readonly failing: number;
  /** The code of the last failure of the oldest of them; null without one. */
  readonly lastError: string | null;
}

/** The progress of the reconciler, which compares Postgres with Temporal, and its findings. */
interface ReconcilerState {
  /** The reconciler has found every mismatch that is at least this old, in seconds. */
  readonly lagSeconds: number;
  /** When the reconciler last ran; null when it never ran. */
  readonly lastRoundAt: Date | null;
  /** The number of workflows that it restarted, in total. */
  readonly restarted: number;
  /** Open workflows without an open order. */
  readonly orphans: number;
  /** Messages of pharmacies that have matched no order for more than an hour. */
  readonly unmatched: number;
}

/** Open orders that are not making progress. */
interface OpenOrders {
  /** Orders whose workflow was lost; the dispatcher starts another one. */
  readonly withoutWorkflow: number;
  readonly needingAttention: number;
  /** Orders with a step that has been failing for more than a minute. */
  readonly delayed: number;
  /** How long the oldest of those steps has been failing, in seconds; 0 without one. */
  readonly oldestDelaySeconds: number;
}

/** Webhook deliveries that are open or failed, and the endpoints that do not receive them. */
interface DeliveryBacklog {
  readonly pending: number;
  readonly retrying: number;
  readonly dead: number;
  /** How long the oldest due attempt has been due, in seconds; 0 when no attempt is due. */
  readonly overdueSeconds: number;
  /** Endpoints whose last attempts failed, but that are still enabled. */
  readonly failingEndpoints: number;
  readonly pausedEndpoints: number;
  readonly disabledEndpoints: number;
}

/**
 * Measures all backlogs. Each query reads an index or a view of open work, and the views contain no data
 * of an organization.
 */
export async function readBacklogs(sql: Sql): Promise<Backlogs> {
  const [outbox] = await sql<OutboxBacklog[]>`
    SELECT count(*)::int AS depth,
      coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 AS oldest_seconds,
      count(*) FILTER (WHERE attempts > 0)::int AS failing,
      (array_agg(last_error ORDER BY id) FILTER (WHERE last_error IS NOT NULL))[1] AS last_error
    FROM outbox`;
  const [reconciler] = await sql<ReconcilerState[]>`
    SELECT extract(epoch FROM now() - swept_until)::float8 AS lag_seconds, last_round_at,
      restarted::float8 AS restarted,
      (SELECT count(*)::int FROM orphan_workflows) AS orphans,
      (SELECT count(*)::int FROM unmatched_messages
        WHERE received_at < now() - interval '1 hour') AS unmatched
    FROM reconciliation`;
  const [orders] = await sql<OpenOrders[]>`
    SELECT (SELECT count(*)::int FROM outbox WHERE kind = 'restart') AS without_workflow,
      (SELECT count(*)::int FROM order_statuses WHERE status = 'NEEDS_ATTENTION') AS needing_attention,
      (SELECT count(*)::int FROM order_delays WHERE ${isDelayed(sql)}) AS delayed,
      (SELECT coalesce(extract(epoch FROM now() - min(delay_since)), 0)::float8 FROM order_delays
        WHERE ${isDelayed(sql)}) AS oldest_delay_seconds`;
  const [deliveries] = await sql<DeliveryBacklog[]>`
    SELECT
      (SELECT count(*)::int FROM delivery_statuses WHERE status = 'PENDING') AS pending,
      (SELECT count(*)::int FROM delivery_statuses WHERE status = 'RETRYING') AS retrying,
      (SELECT count(*)::int FROM delivery_statuses WHERE status = 'DEAD') AS dead,
      (SELECT coalesce(greatest(extract(epoch FROM now() - min(next_attempt_at)), 0), 0)::float8
        FROM due_deliveries) AS overdue_seconds,
      count(*) FILTER (WHERE failing AND status = 'ENABLED')::int AS failing_endpoints,
      count(*) FILTER (WHERE status = 'PAUSED')::int AS paused_endpoints,
      count(*) FILTER (WHERE status = 'DISABLED')::int AS disabled_endpoints
    FROM endpoint_statuses`;
  if (reconciler === undefined || orders === undefined || deliveries === undefined) {
    throw new Error('the table `reconciliation` has no row');
  }
  return {
    outbox: outbox ?? { depth: 0, oldestSeconds: 0, failing: 0, lastError: null },
    reconciler,
    orders,
    deliveries,
  };
}
