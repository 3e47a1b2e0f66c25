import { ORDER_STATUSES } from '../contract/order.ts';
import { isEnd } from '../orders/status.ts';
import { REFUSED, SUCCEEDED } from '../pharmacy/pharmacy-activity.ts';
import type { Sql } from '../storage/database.ts';
import { MOST_COUNTED } from './list-endpoints.ts';

/** What happened with a pharmacy within the last 24 hours. */
export interface PharmacyHealth {
  /** Open orders at the pharmacy, at most {@link MOST_COUNTED}. */
  readonly openOrders: number;
  /** Open orders that need attention, at most {@link MOST_COUNTED}. */
  readonly needAttention: number;
  readonly calls: number;
  /** Calls that the pharmacy answered as expected, including refusals of an order. */
  readonly succeeded: number;
  /** Mean time of a call, in milliseconds; null without a call. */
  readonly meanMs: number | null;
  /** When the last authentic webhook came within the days that are kept; null if none did. */
  readonly lastWebhookAt: Date | null;
  readonly webhooks: number;
  /** Webhooks that were refused, because they are not authentic or cannot be read. */
  readonly refusedWebhooks: number;
}

/** How often one thing happened with a pharmacy. */
export interface PharmacyCount {
  readonly kind: string;
  /** `ok`, or why it failed. */
  readonly code: string;
  readonly count: number;
  /** Mean time, in milliseconds. */
  readonly meanMs: number;
  readonly lastAt: Date;
}

const OPEN = ORDER_STATUSES.filter((status) => !isEnd(status));
const NONE: PharmacyHealth = {
  ...{ openOrders: 0, needAttention: 0, calls: 0, succeeded: 0, meanMs: null },
  ...{ lastWebhookAt: null, webhooks: 0, refusedWebhooks: 0 },
};

/** Reads the health of all pharmacies. @returns a function that returns the health of one, by its id. */
export async function readPharmacyHealth(
  sql: Sql,
): Promise<(pharmacyId: string) => PharmacyHealth> {
  const rows = await sql<(PharmacyHealth & { pharmacyId: string })[]>`
    SELECT pharmacy_id, coalesce(open_orders, 0) AS open_orders,
      coalesce(need_attention, 0) AS need_attention, coalesce(calls, 0) AS calls,
      coalesce(succeeded, 0) AS succeeded, mean_ms, last_webhook_at,
      coalesce(webhooks, 0) AS webhooks, coalesce(refused_webhooks, 0) AS refused_webhooks
    FROM (
      SELECT pharmacies.id AS pharmacy_id, least(sum(count), ${MOST_COUNTED})::int AS open_orders,
        (sum(count) FILTER (WHERE listed.status = 'NEEDS_ATTENTION'))::int AS need_attention
      FROM pharmacies CROSS JOIN unnest(${OPEN}::text[]) AS listed (status)
      CROSS JOIN LATERAL (SELECT count(*) FROM (SELECT FROM orders
        WHERE pharmacy_id = pharmacies.id AND orders.status = listed.status
          AND orders.status NOT IN ('COMPLETED', 'REJECTED', 'CANCELLED', 'EXPIRED')
        LIMIT ${MOST_COUNTED}) AS found) AS counted
      GROUP BY pharmacies.id
    ) AS open FULL JOIN (
      SELECT pharmacy_id,
        (sum(count) FILTER (WHERE is_call))::int AS calls,
        (sum(count) FILTER (WHERE is_call AND code IN (${SUCCEEDED}, ${REFUSED})))::int AS succeeded,
        (sum(duration_ms) FILTER (WHERE is_call) / sum(count) FILTER (WHERE is_call))::int AS mean_ms,
        (sum(count) FILTER (WHERE is_webhook AND is_of_day))::int AS webhooks,
        (sum(count) FILTER (WHERE is_webhook AND is_of_day AND code <> ${SUCCEEDED}))::int
          AS refused_webhooks,
        max(last_at) FILTER (WHERE is_webhook AND code = ${SUCCEEDED}) AS last_webhook_at
      FROM (SELECT *, kind = 'webhook' AS is_webhook, ${isOfDay(sql)} AS is_of_day,
        kind <> 'webhook' AND ${isOfDay(sql)} AS is_call FROM pharmacy_activity) AS activity
      GROUP BY pharmacy_id
    ) AS counted USING (pharmacy_id)`;
  const healthOf = new Map(rows.map(({ pharmacyId, ...health }) => [pharmacyId, health]));
  return (pharmacyId) => healthOf.get(pharmacyId) ?? NONE;
}

/** Counts what happened with a pharmacy within the last 24 hours, by kind and code. */
export async function readPharmacyCounts(sql: Sql, pharmacyId: string): Promise<PharmacyCount[]> {
  return await sql<PharmacyCount[]>`
    SELECT kind, code, sum(count)::int AS count, (sum(duration_ms) / sum(count))::int AS mean_ms,
      max(last_at) AS last_at
    FROM pharmacy_activity WHERE pharmacy_id = ${pharmacyId} AND ${isOfDay(sql)}
    GROUP BY kind, code ORDER BY kind, count DESC, code`;
}

function isOfDay(sql: Sql) {
  return sql`hour > now() - interval '24 hours'`;
}
