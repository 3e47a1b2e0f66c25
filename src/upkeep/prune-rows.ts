import { lowestUuidOf } from '../lib/uuid.ts';
import { ENDS } from '../orders/status.ts';
import type { Database, Sql } from '../storage/database.ts';
import { inTransaction } from '../storage/transaction.ts';

/** Which rows {@link PruneBatch} reads. */
export interface BatchRange {
  /** Only rows after this one, in the order of their ids; null: from the oldest. */
  readonly after: string | null;
  /** Only rows from before this time. */
  readonly before: Date;
  /** At most as many rows. */
  readonly most: number;
}

/** What a batch did. */
export interface PrunedBatch {
  /** The number of deleted rows of each table. */
  readonly deleted: Readonly<Record<string, number>>;
  /** The last row that it read; null when the range has no other rows. */
  readonly last: string | null;
}

/**
 * Deletes the rows of a range that nothing needs any more, in one short transaction. It passes over a row that another
 * transaction has locked: the next sweep finds it.
 */
export type PruneBatch = (database: Database, range: BatchRange) => Promise<PrunedBatch>;

const FIRST_UUID = '00000000-0000-0000-0000-000000000000';

/**
 * Deletes deliveries with their attempts. A delivery is deleted after it has ended; an attempt, such as one of a delivery
 * that was sent again, keeps all of them.
 */
export const pruneDeliveries: PruneBatch = (database, range) =>
  inTransaction(database, async (sql) => {
    const { after, before, most } = range;
    const read = await sql<{ id: string; ended: boolean }[]>`
      SELECT id, status IN ('DELIVERED', 'DEAD', 'CANCELLED')
        AND coalesce(delivered_at, created_at) < ${before}
        AND NOT EXISTS (SELECT FROM webhook_attempts
          WHERE delivery_id = webhook_deliveries.id AND at >= ${before}) AS ended
      FROM webhook_deliveries
      WHERE id > ${after ?? FIRST_UUID} AND id < ${lowestUuidOf(before)} AND created_at < ${before}
      ORDER BY id LIMIT ${most}`;
    const locked = await sql<{ id: string }[]>`
      SELECT id FROM webhook_deliveries
      WHERE id = ANY(${idsOf(read.filter(({ ended }) => ended))}::text[]::uuid[])
        AND status IN ('DELIVERED', 'DEAD', 'CANCELLED')
      FOR UPDATE SKIP LOCKED`;
    const ids = idsOf(locked);
    const attempts = await sql`
      DELETE FROM webhook_attempts WHERE delivery_id = ANY(${ids}::text[]::uuid[])`;
    const deliveries =
      await sql`DELETE FROM webhook_deliveries WHERE id = ANY(${ids}::text[]::uuid[])`;
    return {
      deleted: { webhook_attempts: attempts.count, webhook_deliveries: deliveries.count },
      last: lastOf(read, most),
    };
  });

/**
 * Deletes events of orders that have ended, and events without an order, once no delivery refers to them. It records
 * which events the organization can no longer list, and with the order, how its numbers continue.
 */
export const pruneEvents: PruneBatch = (database, range) =>
  inTransaction(database, async (sql) => {
    const { after, before, most } = range;
    const read = await sql<{ id: string; orderId: string | null }[]>`
      SELECT id, order_id FROM events
      WHERE id > ${after ?? FIRST_UUID} AND id < ${lowestUuidOf(before)} AND created_at < ${before}
      ORDER BY id LIMIT ${most}`;
    const orders = read.flatMap(({ orderId }) => orderId ?? []);
    const locked = await sql<{ id: string }[]>`
      SELECT id FROM orders WHERE id = ANY(${orders}::text[]::uuid[]) AND status = ANY(${ENDS}::text[])
      FOR NO KEY UPDATE SKIP LOCKED`;
    return {
      deleted: { events: await deleteEvents(sql, idsOf(read), idsOf(locked)) },
      last: lastOf(read, most),
    };
  });

async function deleteEvents(
  sql: Sql,
  ids: readonly string[],
  ofOrders: readonly string[],
): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    WITH deleted AS (
      DELETE FROM events
      WHERE id = ANY(${ids}::text[]::uuid[]) AND (order_id IS NULL OR order_id = ANY(${ofOrders}::text[]::uuid[]))
        AND NOT EXISTS (SELECT FROM webhook_deliveries WHERE event_id = events.id)
      RETURNING organization_id, order_id, event, sequence, transaction_id, position
    ), noted AS (
      INSERT INTO pruned_events (organization_id, event, transaction_id, position)
      SELECT DISTINCT ON (organization_id, event) organization_id, event, transaction_id, position
      FROM deleted ORDER BY organization_id, event, transaction_id DESC, position DESC
      ON CONFLICT (organization_id, event) DO UPDATE
        SET transaction_id = excluded.transaction_id, position = excluded.position
        WHERE (pruned_events.transaction_id, pruned_events.position)
          < (excluded.transaction_id, excluded.position)
    ), kept AS (
      UPDATE orders SET pruned_sequence = greatest(pruned_sequence, last_sequence),
        pruned_creation = pruned_creation OR creation
      FROM (SELECT order_id, max(sequence) AS last_sequence, bool_or(event = 'ORDER_CREATED') AS creation
        FROM deleted WHERE order_id IS NOT NULL GROUP BY order_id) AS of_order
      WHERE orders.id = of_order.order_id
    )
    SELECT count(*)::int AS count FROM deleted`;
  return row?.count ?? 0;
}

/** Deletes messages of pharmacies about orders that ended before the time of the range. */
export const pruneInbox: PruneBatch = async (database, { after, before, most }) => {
  const read = await database<{ id: string; ended: boolean }[]>`
    SELECT inbox.id, coalesce(orders.status = ANY(${ENDS}::text[]) AND orders.updated_at < ${before}
      AND NOT EXISTS (SELECT FROM order_news WHERE order_id = orders.id), false) AS ended
    FROM inbox LEFT JOIN orders ON orders.id = inbox.order_id
    WHERE inbox.id > ${after ?? '0'} AND received_at < ${before}
    ORDER BY inbox.id LIMIT ${most}`;
  const messages = await database`
    DELETE FROM inbox WHERE id IN (
      SELECT id FROM inbox WHERE id = ANY(${idsOf(read.filter(({ ended }) => ended))}::text[]::bigint[])
        AND order_id IS NOT NULL
      FOR UPDATE SKIP LOCKED)`;
  return { deleted: { inbox: messages.count }, last: lastOf(read, most) };
};

const idsOf = (rows: readonly { readonly id: string }[]) => rows.map(({ id }) => id);

/** The row after which a next batch continues; null when this one was not full. */
function lastOf(rows: readonly { readonly id: string }[], most: number): string | null {
  return rows.length < most ? null : (rows.at(-1)?.id ?? null);
}
