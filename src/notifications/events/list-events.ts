import type { EventsQuery } from '../../contract/order-query.ts';
import { readCursor, writeCursor } from '../../lib/cursor.ts';
import { InvalidCursorError } from '../../orders/order-errors.ts';
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
 * (docs/adr/0013).
 *
 * @returns `limit + 1` events when there are more than `limit`.
 * @throws {InvalidCursorError} the cursor is not from this list.
 */
export async function listEvents(
  sql: Sql,
  organizationId: string,
  query: EventsQuery,
): Promise<ListedEvent[]> {
  const after =
    query.after === undefined ? ['0', '0'] : readCursor(query.after, LIST, [NUMBER, NUMBER]);
  if (after === undefined) throw new InvalidCursorError('after');
  const rows = await sql<(StoredEvent & { transactionId: string; position: string })[]>`
    SELECT id, organization_id, sequence, event, content, created_at,
      transaction_id::text AS transaction_id, position::text AS position
    FROM events
    WHERE organization_id = ${organizationId}
      AND (transaction_id, position) > (${after[0] ?? ''}::text::xid8, ${after[1] ?? ''}::bigint)
      AND transaction_id < commit_position(pg_snapshot_xmin(pg_current_snapshot()))
      ${query.event === undefined ? sql`` : sql`AND event = ${query.event}`}
    ORDER BY events.transaction_id, events.position
    LIMIT ${query.limit + 1}`;
  return (await openEvents(sql, rows)).map(({ transactionId, position, ...event }) => ({
    ...event,
    cursor: writeCursor(LIST, [transactionId, position]),
  }));
}
