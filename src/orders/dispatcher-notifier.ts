import type { Database, Sql } from '../storage/database.ts';

/**
 * Creates the function that notifies the dispatchers of committed starts of orders. Calls during a
 * notification share the next one.
 *
 * The notification is not part of the transaction: a commit that carries a NOTIFY takes a server-wide
 * lock, so that such commits flush one after another (docs/adr/0001). If a notification is lost with
 * its process or connection, the dispatchers find the rows when they next poll. {@link notifyAtCommit} is for
 * other rows, of which there are fewer.
 */
export function createStartNotifier(database: Database): () => void {
  let notifying = false;
  let again = false;

  async function notify(): Promise<void> {
    notifying = true;
    do {
      again = false;
      await database`SELECT pg_notify('outbox', 'starts')`.catch(() => undefined);
    } while (again);
    notifying = false;
  }

  return () => {
    if (notifying) again = true;
    else void notify();
  };
}

/**
 * Notifies the dispatchers of any other row of the outbox when the transaction commits. Append `RETURNING` and this
 * to the insert of the row.
 */
export function notifyAtCommit(sql: Sql) {
  return sql`pg_notify('outbox', CASE WHEN kind = 'restart' THEN 'starts' ELSE 'others' END)`;
}
