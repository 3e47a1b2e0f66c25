import type { SealedDocuments } from '../documents/sealed-documents.ts';
import type { Config } from '../process/config.ts';
import type { Database } from '../storage/database.ts';
import type { PharmacySlots } from './pharmacy-slots.ts';

/** The dependencies of the activities; `worker.ts` builds them once. */
export interface ActivityDependencies {
  readonly database: Database;
  readonly pharmacies: PharmacySlots;
  readonly documents: SealedDocuments;
  readonly settings: Config['pharmacy'];
}
