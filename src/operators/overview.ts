import type { OrderStatus } from '../contract/order.ts';
import { isDelayed } from '../orders/delay.ts';
import type { Sql } from '../storage/database.ts';

/** Orders that were accepted and completed within an hour. */
export interface Hour {
  /** The beginning of the hour. */
  readonly at: Date;
  readonly accepted: number;
  readonly completed: number;
}

/** What the console's overview shows of the last day. */
export interface Overview {
  /** The hours of the last day, the oldest first. */
  readonly hours: readonly Hour[];
  /** Open orders by status, and the orders that ended within the last day. */
  readonly statuses: readonly { readonly status: OrderStatus; readonly count: number }[];
  /** Time from accepting an order to its completion, in seconds; null if none was completed within the last day. */
  readonly completionSeconds: { readonly p50: number; readonly p95: number } | null;
  readonly needingAttention: Waiting;
  readonly delayed: Waiting;
}

/** Orders that do not make progress. */
export interface Waiting {
  readonly count: number;
  /** When the first of them began to wait; null without one. */
  readonly since: Date | null;
}

/** Reads the overview. Its cost grows with the orders of a day, so callers share a result. */
export async function readOverview(sql: Sql): Promise<Overview> {
  const hours = await sql<Hour[]>`
    SELECT at, coalesce(begun.count, 0)::int AS accepted, coalesce(done.count, 0)::int AS completed
    FROM generate_series(date_trunc('hour', now()) - interval '23 hours', date_trunc('hour', now()),
      interval '1 hour') AS hours (at)
    LEFT JOIN (SELECT date_trunc('hour', orders.created_at) AS at, count(*)
      FROM organizations CROSS JOIN LATERAL (
        SELECT created_at FROM orders WHERE organization_id = organizations.id
          AND created_at >= date_trunc('hour', now()) - interval '23 hours') AS orders
      GROUP BY 1) AS begun USING (at)
    LEFT JOIN (SELECT date_trunc('hour', updated_at) AS at, count(*)
      FROM (${endedLately(sql)}) AS ended WHERE status = 'COMPLETED' GROUP BY 1) AS done USING (at)
    ORDER BY at`;
  const statuses = await sql<{ status: OrderStatus; count: number }[]>`
    SELECT status, count(*)::int AS count FROM (
      SELECT status FROM orders
      WHERE status NOT IN ('COMPLETED', 'REJECTED', 'CANCELLED', 'EXPIRED')
      UNION ALL
      SELECT status FROM (${endedLately(sql)}) AS ended) AS orders
    GROUP BY status`;
  const [row] = await sql<
    {
      p50: number | null;
      p95: number | null;
      needingAttention: Waiting['count'];
      needingSince: Date | null;
      delayed: number;
      delayedSince: Date | null;
    }[]
  >`
    SELECT p50, p95,
      (SELECT count(*)::int FROM orders WHERE status = 'NEEDS_ATTENTION') AS needing_attention,
      (SELECT min(updated_at) FROM orders WHERE status = 'NEEDS_ATTENTION') AS needing_since,
      (SELECT count(*)::int FROM orders WHERE ${isDelayed(sql)}) AS delayed,
      (SELECT min(delay_since) FROM orders WHERE ${isDelayed(sql)}) AS delayed_since
    FROM (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS p50,
      percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds) AS p95
      FROM (SELECT extract(epoch FROM updated_at - created_at)::float8 AS seconds
        FROM (${endedLately(sql)}) AS ended WHERE status = 'COMPLETED') AS completed) AS percentiles`;
  if (row === undefined) throw new Error('Postgres returned no overview');
  const { p50, p95 } = row;
  return {
    ...{ hours, statuses },
    completionSeconds: p50 === null || p95 === null ? null : { p50, p95 },
    needingAttention: { count: row.needingAttention, since: row.needingSince },
    delayed: { count: row.delayed, since: row.delayedSince },
  };
}

/** Orders that ended within the last 24 hours, by the index `orders_to_erase`. Late news about an order move its time. */
function endedLately(sql: Sql) {
  return sql`
    SELECT orders.* FROM organizations CROSS JOIN LATERAL (
      SELECT status, created_at, updated_at FROM orders
      WHERE organization_id = organizations.id AND erased_at IS NULL
        AND status IN ('COMPLETED', 'REJECTED', 'CANCELLED', 'EXPIRED')
        AND updated_at >= date_trunc('hour', now()) - interval '23 hours') AS orders`;
}
