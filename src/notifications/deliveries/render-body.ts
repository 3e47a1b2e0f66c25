import { buffer } from 'node:stream/consumers';
import type { PingEvent } from '../../contract/case-activity.ts';
import type { DocumentLinks } from '../../documents/document-links.ts';
import type { SealedDocuments } from '../../documents/sealed-documents.ts';
import { documentKey } from '../../orders/order-keys.ts';
import { type Rendering, renderEvent } from '../events/render-event.ts';
import type { LoadedDelivery } from './delivery.ts';

/** Bytes of documents that one body holds in base64, 8 MiB: it stands in memory whole. */
const MOST_INLINE_BYTES = 8 * 1024 * 1024;

/** Where an event's documents come from. */
export interface DocumentSources {
  readonly documents: SealedDocuments;
  readonly documentLinks: DocumentLinks;
}

/**
 * Renders the body of one attempt, exactly as it is signed and sent. Links to documents are made anew
 * each time, as they live for minutes; documents beyond what one body holds come as links, too.
 */
export async function renderBody(
  { endpoint, event }: LoadedDelivery,
  { documents, documentLinks }: DocumentSources,
): Promise<string> {
  if (event === null) {
    const ping: PingEvent = { event: 'PING', payload: { endpoint: { id: endpoint.id } } };
    return JSON.stringify(ping);
  }
  let left = endpoint.documentFormat === 'base64' ? MOST_INLINE_BYTES : 0;
  const bytesOf: Rendering['bytesOf'] = async ({ id, size, storageKey, key }) => {
    // Of an order that was erased, the link leads nowhere.
    if (size > left || key === undefined) return { url: documentLinks.create(id) };
    left -= size;
    const bytes = await buffer(await documents.open(storageKey, documentKey(key)));
    return { content: bytes.toString('base64') };
  };
  return JSON.stringify(await renderEvent(event, { payloadMode: endpoint.payloadMode, bytesOf }));
}
