import { buffer } from 'node:stream/consumers';
import type { DocumentLinks } from '../../documents/document-links.ts';
import type { SealedDocuments } from '../../documents/sealed-documents.ts';
import { documentKey } from '../../orders/order-data-key.ts';
import { type Rendering, renderEvent, renderPing } from '../events/render-event.ts';
import type { LoadedDelivery } from './delivery.ts';

/** Bytes of documents that one body may hold in base64: 8 MiB, because the body is built in memory. */
const MOST_INLINE_BYTES = 8 * 1024 * 1024;

/** What reads an event's documents, or links to them. */
export interface DocumentSources {
  readonly documents: SealedDocuments;
  readonly documentLinks: DocumentLinks;
}

/**
 * Renders the body of one attempt, exactly as it is signed and sent. Each attempt gets new links to
 * documents, because they expire within minutes. Documents beyond the size limit of a body are sent as
 * links, even if the endpoint wants base64.
 */
export async function renderBody(
  { endpoint, event }: LoadedDelivery,
  { documents, documentLinks }: DocumentSources,
): Promise<string> {
  if (event === null) return renderPing(endpoint.id);
  let left = endpoint.documentFormat === 'base64' ? MOST_INLINE_BYTES : 0;
  const bytesOf: Rendering['bytesOf'] = async ({ id, size, storageKey, key }) => {
    // An erased order has no key, and its link no longer works.
    if (size > left || key === undefined) return { url: documentLinks.create(id, endpoint.id) };
    left -= size;
    const bytes = await buffer(await documents.open(storageKey, documentKey(key)));
    return { content: bytes.toString('base64') };
  };
  return JSON.stringify(await renderEvent(event, { payloadMode: endpoint.payloadMode, bytesOf }));
}
