import type { Database, Transaction } from './database.ts';
import { inTransaction } from './transaction.ts';

/** The settings that the row-level security policies read (migration 0013). */
type Setting = 'rx.organization' | 'rx.pharmacy';

/** Settings that limit every transaction of a pool to one organization (`DatabaseOptions.settings`). */
export function connectionScope(organizationId: string): Record<string, string> {
  return { ['rx.organization' satisfies Setting]: organizationId };
}

/**
 * Runs a transaction in which the server's role sees only the rows of one organization. Row-level
 * security is a second line of defence: it holds even if a statement lacks its own filter
 * (docs/adr/0025). The worker's and the operator's role still see all rows. In every other respect it
 * works like {@link inTransaction}.
 */
export async function forOrganization<T>(
  database: Database,
  organizationId: string,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  return await inScope(database, 'rx.organization', organizationId, work);
}

/** Works like {@link forOrganization}, for a pharmacy: the transaction sees only that pharmacy's orders. */
export async function forPharmacy<T>(
  database: Database,
  pharmacyId: string,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  return await inScope(database, 'rx.pharmacy', pharmacyId, work);
}

async function inScope<T>(
  database: Database,
  setting: Setting,
  value: string,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  return await inTransaction(database, async (tx) => {
    // Not awaited: the library pipelines it with the first statement of `work`, which saves a round trip.
    const set = tx`SELECT set_config(${setting}, ${value}, true)`.execute();
    set.catch(() => undefined); // the transaction is aborted, so `work` fails too
    return await work(tx);
  });
}
