import { buffer } from 'node:stream/consumers';
import { DocumentBrokenError, DocumentMissingError } from './document-errors.ts';
import type { SealedDocuments } from './sealed-documents.ts';

/**
 * The largest total size of documents that one answer or webhook includes as base64: 8 MiB, because it is
 * built in memory. Documents beyond it are sent as links.
 */
export const MAX_INLINE_BYTES = 8 * 1024 * 1024;

/**
 * Reads a document as base64.
 *
 * @returns undefined for a document that is damaged or missing. One such document must not hide the others,
 *   and whoever follows its link gets the error.
 */
export async function inlineDocument(
  documents: SealedDocuments,
  storageKey: string,
  orderKey: Uint8Array,
): Promise<string | undefined> {
  try {
    const bytes = await buffer(await documents.open(storageKey, orderKey));
    return bytes.toString('base64');
  } catch (error) {
    if (error instanceof DocumentBrokenError || error instanceof DocumentMissingError) {
      return undefined;
    }
    throw error;
  }
}
