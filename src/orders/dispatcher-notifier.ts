import type { Database, Sql } from '../storage/database.ts';

/** Which rows of the outbox were added: starts of orders, or other rows, or perhaps both. */
export type OutboxLane = 'starts' | 'others' | 'both';

/**
 * Creates the function that notifies the dispatchers of committed outbox rows. Calls during a
 * notification share the next one.
 *
 * The notification is not part of the transaction: a commit that carries a NOTIFY takes a server-wide
 * lock, so that such commits flush one after another (docs/adr/0001). If a notification is lost with
 * its process or connection, the dispatchers find the rows when they next poll. {@link notifyAtCommit} is for
 * rows that are rare.
 */
export function createDispatcherNotifier(database: Database): (lane: OutboxLane) => void {
  const due = new Set<OutboxLane>();
  let notifying = false;

  async function notify(): Promise<void> {
    notifying = true;
    while (due.size > 0) {
      const lane = due.size > 1 ? 'both' : [...due][0];
      due.clear();
      await database`SELECT pg_notify('outbox', ${lane ?? 'both'})`.catch(() => undefined);
    }
    notifying = false;
  }

  return (lane) => {
    due.add(lane);
    if (!notifying) void notify();
  };
}

/** Notifies the dispatchers when the transaction commits. Append `RETURNING` and this to the insert of a row. */
export function notifyAtCommit(sql: Sql) {
  return sql`pg_notify('outbox', 'both')`;
}
