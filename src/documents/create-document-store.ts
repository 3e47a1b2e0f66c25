import type { DocumentStore } from './document-store.ts';
import { createFileStore } from './file-store.ts';
import type { S3Settings } from './s3-store.ts';

/** The storage of documents: a folder, or an S3-compatible bucket. */
export type DocumentSettings = { readonly folder: string } | S3Settings;

/** Creates the document store that the configuration names. */
export async function createDocumentStore(documents: DocumentSettings): Promise<DocumentStore> {
  if ('folder' in documents) return createFileStore(documents.folder);
  // Imported only if needed: the SDK takes 80 ms and 24 MB to load.
  const { createS3Store } = await import('./s3-store.ts');
  return createS3Store(documents);
}
