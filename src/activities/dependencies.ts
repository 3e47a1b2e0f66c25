import type { SealedDocuments } from '../documents/sealed-documents.ts';
import type { PharmacyDirectory } from '../pharmacy/directory.ts';
import type { Config } from '../process/config.ts';
import type { Database } from '../storage/database.ts';

/** The dependencies of the activities; `worker.ts` builds them once. */
export interface ActivityDependencies {
  readonly database: Database;
  readonly pharmacies: PharmacyDirectory;
  readonly documents: SealedDocuments;
  readonly settings: Config['pharmacy'];
}
