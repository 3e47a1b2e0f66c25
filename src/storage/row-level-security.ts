import type { Database, Transaction } from './database.ts';
import { inTransaction } from './transaction.ts';

/** The settings by which Postgres knows whose rows may be seen (migration 0013). */
type Setting = 'rx.organization' | 'rx.pharmacy';

/** A whole connection's scope, for who serves one organization alone. */
export function connectionScope(organizationId: string): Record<string, string> {
  return { ['rx.organization' satisfies Setting]: organizationId };
}

/**
 * Runs a transaction in which the server's role sees the rows of one organization alone, whatever its
 * statements forget to ask for: a second wall behind their own filters (docs/adr/0025). Roles that see
 * everything are not narrowed by it. Otherwise as {@link inTransaction}.
 */
export async function forOrganization<T>(
  database: Database,
  organizationId: string,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  return await inScope(database, 'rx.organization', organizationId, work);
}

/** As {@link forOrganization}, for a message of a pharmacy: it may speak of its own orders. */
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
    // Sent, and not waited for: it goes out together with the first statement of the work.
    const set = tx`SELECT set_config(${setting}, ${value}, true)`.execute();
    set.catch(() => undefined); // the work fails of it too
    return await work(tx);
  });
}
