import type { Sql } from '../storage/database.ts';

/** What the system has not done yet, and what does not match. Nothing of it names anybody. */
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
}

/** How far the comparing of Postgres with Temporal has come, and what it found. */
interface ReconcilerState {
  /** What went wrong so many seconds ago, or earlier, has been found. */
  readonly lagSeconds: number;
  /** When a worker last did some of it; null: never. */
  readonly lastRoundAt: Date | null;
  /** Workflows started again, ever. */
  readonly restarted: number;
  /** Open workflows without an open order. */
  readonly orphans: number;
  /** Messages of pharmacies that have found no order for an hour. */
  readonly unmatched: number;
}

/** Orders that do not go on by themselves. */
interface OpenOrders {
  /** Found without an open workflow; the dispatcher is starting another. */
  readonly withoutWorkflow: number;
  readonly needingAttention: number;
}

/** Webhooks to the organizations' endpoints. */
interface DeliveryBacklog {
  readonly pending: number;
  readonly retrying: number;
  readonly dead: number;
  /** How long the next attempt that is due longest has been due, in seconds; 0 when none is. */
  readonly overdueSeconds: number;
  /** Endpoints by what keeps them from being delivered to. */
  readonly failingEndpoints: number;
  readonly pausedEndpoints: number;
  readonly disabledEndpoints: number;
}

/** Measures all backlogs, each over an index of what is open; of views that show nobody's rows. */
export async function readBacklogs(sql: Sql): Promise<Backlogs> {
  const [outbox] = await sql<OutboxBacklog[]>`
    SELECT count(*)::int AS depth,
      coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 AS oldest_seconds,
      count(*) FILTER (WHERE attempts > 0)::int AS failing
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
      (SELECT count(*)::int FROM order_statuses WHERE status = 'NEEDS_ATTENTION') AS needing_attention`;
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
    throw new Error('the row of the reconciliation is missing');
  }
  return {
    outbox: outbox ?? { depth: 0, oldestSeconds: 0, failing: 0 },
    reconciler,
    orders,
    deliveries,
  };
}
