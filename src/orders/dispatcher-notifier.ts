import type { Database } from '../storage/database.ts';

/**
 * Creates the function that notifies the dispatchers of committed outbox rows. Calls during a
 * notification share the next one.
 *
 * The notification is not part of the transaction: a commit that carries a NOTIFY takes a server-wide
 * lock, so that such commits flush one after another (docs/adr/0001). If a notification is lost with
 * its process or connection, the dispatchers find the rows when they next poll.
 */
export function createDispatcherNotifier(database: Database): () => void {
  let notifying = false;
  let again = false;

  async function notify(): Promise<void> {
    notifying = true;
    do {
      again = false;
      await database`SELECT pg_notify('outbox', '')`.catch(() => undefined);
    } while (again);
    notifying = false;
  }

  return () => {
    if (notifying) again = true;
    else void notify();
  };
}
