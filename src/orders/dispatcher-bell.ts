import type { Database } from '../storage/database.ts';

/**
 * Makes what tells the dispatchers that outbox rows were committed; calls that come while one is on
 * its way are told together. Not done in the transaction itself: a commit that carries a NOTIFY
 * takes a lock of the whole server, so that such commits flush one after the other (docs/adr/0001).
 * A call that is lost with its process or connection is made up for by the dispatchers' poll.
 */
export function createDispatcherBell(database: Database): () => void {
  let ringing = false;
  let again = false;

  async function ring(): Promise<void> {
    ringing = true;
    do {
      again = false;
      await database`SELECT pg_notify('outbox', '')`.catch(() => undefined);
    } while (again);
    ringing = false;
  }

  return () => {
    if (ringing) again = true;
    else void ring();
  };
}
