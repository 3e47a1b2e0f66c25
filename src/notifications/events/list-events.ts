import type postgres from 'postgres';
import type { EventsQuery } from '../../contract/order-query.ts';
import { readCursor, writeCursor } from '../../lib/cursor.ts';
import { EventsPrunedError, InvalidCursorError } from '../../orders/order-errors.ts';
import type { Sql } from '../../storage/database.ts';
import { openEvents } from './open-events.ts';
import type { StoredEvent } from './stored-event.ts';

/** An event and its position in the list. */
export interface ListedEvent extends StoredEvent {
  readonly cursor: string;
}

const LIST = 'events';
const NUMBER = /^\d{1,18}$/;

/**
 * Lists an organization's events in the order of their transactions. An event is listed once no earlier
 * transaction is still open. From then on no event can appear before it, so a cursor never skips one
 * (docs/adr/0013). Events up to the newest pruned one are not listed, even if some are still kept for a delivery.
 *
 * @returns `limit + 1` events when there are more than `limit`.
 * @throws {InvalidCursorError} the cursor is not from this list.
 * @throws {EventsPrunedError} events between the cursor and the list were pruned.
 */
export async function listEvents(
  sql: Sql,
  organizationId: string,
  query: EventsQuery,
): Promise<ListedEvent[]> {
  const after = query.after && readCursor(query.after, LIST, [NUMBER, NUMBER]);
  if (query.after !== undefined && !after) throw new InvalidCursorError('after');
  const kept = { organizationId, event: query.event };
  const start = after
    ? sql`(${after[0] ?? ''}::text::xid8, ${after[1] ?? ''}::bigint)`
    : sql`(coalesce(${newestPruned(sql, kept, 'transaction_id')}, '0'),
        coalesce(${newestPruned(sql, kept, 'position')}, 0))`;
  const [rows] = await Promise.all([
    sql<(StoredEvent & { transactionId: string; position: string })[]>`
      SELECT id, organization_id, sequence, event, content, created_at,
        transaction_id::text AS transaction_id, position::text AS position
      FROM events
      WHERE organization_id = ${organizationId} AND (transaction_id, position) > ${start}
        AND transaction_id < commit_position(pg_snapshot_xmin(pg_current_snapshot()))
        ${query.event === undefined ? sql`` : sql`AND event = ${query.event}`}
      ORDER BY events.transaction_id, events.position
      LIMIT ${query.limit + 1}`,
    // Runs after the list, in the same transaction: it also finds what was pruned meanwhile.
    after && requireKept(sql, kept, start),
  ]);
  return (await openEvents(sql, rows)).map(({ transactionId, position, ...event }) => ({
    ...event,
    cursor: writeCursor(LIST, [transactionId, position]),
  }));
}

interface Kept {
  readonly organizationId: string;
  /** Only events of this name; undefined: all. */
  readonly event: string | undefined;
}

/** The query for a column of the newest event that was pruned. */
function newestPruned(
  sql: Sql,
  { organizationId, event }: Kept,
  column: 'transaction_id' | 'position',
) {
  return sql`(
    SELECT ${sql(column)} FROM pruned_events
    WHERE organization_id = ${organizationId} ${event === undefined ? sql`` : sql`AND event = ${event}`}
    ORDER BY transaction_id DESC, position DESC LIMIT 1)`;
}

/** @throws {EventsPrunedError} an event after the position was pruned. */
async function requireKept(
  sql: Sql,
  { organizationId, event }: Kept,
  position: postgres.Fragment,
): Promise<void> {
  const pruned = await sql`
    SELECT FROM pruned_events
    WHERE organization_id = ${organizationId} ${event === undefined ? sql`` : sql`AND event = ${event}`}
      AND (transaction_id, position) > ${position}
    LIMIT 1`;
  if (pruned.length > 0) throw new EventsPrunedError();
}
