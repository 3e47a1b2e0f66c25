import { createHash } from 'node:crypto';
import type { PharmacyDocument } from './gateway.ts';

/**
 * Gives each document of a list its own id. Two entries with the same id and content are one document,
 * listed twice. Different documents with the same id keep it, extended by their content, so that none
 * of them is lost.
 *
 * The ids must not depend on the order of the list: an attempt after a crash reads the list again.
 */
export function distinctDocuments(documents: readonly PharmacyDocument[]): PharmacyDocument[] {
  const byId = new Map<string, Map<string, PharmacyDocument>>();
  for (const document of documents) {
    const group = byId.get(document.id) ?? new Map<string, PharmacyDocument>();
    byId.set(document.id, group.set(contentOf(document), document));
  }
  return [...byId.values()].flatMap((group) =>
    [...group].map(([content, document]) =>
      group.size === 1
        ? document
        : { ...document, id: `${document.id.slice(0, 180)} ${hash(content)}` },
    ),
  );
}

/** What tells two documents with the same id apart. Their links do not: each read may sign new ones. */
function contentOf({ name, contentType, size, sha256 }: PharmacyDocument): string {
  return sha256 ?? JSON.stringify([name, contentType, size ?? null]);
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
