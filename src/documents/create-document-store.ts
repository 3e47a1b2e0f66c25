import type { Config } from '../config.ts';
import { createFileStore } from './file-store.ts';
import type { DocumentStore } from './store.ts';

/** Makes the store that the configuration names: a bucket where there is one, else the folder. */
export async function createDocumentStore(documents: Config['documents']): Promise<DocumentStore> {
  if ('folder' in documents) return createFileStore(documents.folder);
  // Only here: the SDK takes 80 ms and 24 MB to load.
  const { createS3Store } = await import('./s3-store.ts');
  return createS3Store(documents);
}
