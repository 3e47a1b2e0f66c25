import type { DocumentLinks } from '../../documents/document-links.ts';
import { inlineDocument, MAX_INLINE_BYTES } from '../../documents/inline-document.ts';
import type { SealedDocuments } from '../../documents/sealed-documents.ts';
import { documentKey } from '../../orders/order-data-key.ts';
import { type Rendering, renderEvent, renderPing } from '../events/render-event.ts';
import type { LoadedDelivery } from './delivery.ts';

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
  let left = endpoint.documentFormat === 'base64' ? MAX_INLINE_BYTES : 0;
  const bytesOf: Rendering['bytesOf'] = async ({ id, size, storageKey, key }) => {
    const link = () => ({ url: documentLinks.create(id, endpoint.id) });
    // An order that was erased, or whose key is broken, has no key; the link does not work either.
    if (size > left || key === undefined) return link();
    left -= size;
    const content = await inlineDocument(documents, storageKey, documentKey(key));
    return content === undefined ? link() : { content };
  };
  return JSON.stringify(await renderEvent(event, { payloadMode: endpoint.payloadMode, bytesOf }));
}
