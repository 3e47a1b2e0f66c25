import { createHash } from 'node:crypto';
import { sharedId } from '../lib/shared-id.ts';
import type { PharmacyDocument } from './gateway.ts';

/**
 * Gives each document of a list its own id. Two entries with the same id and content are one document,
 * listed twice. Different documents with the same id keep it, extended by their content, so that none
 * of them is lost.
 *
 * The ids must not depend on the order of the list: an attempt after a crash reads the list again. The
 * order only counts for entries that differ in nothing but their links.
 *
 * @param withdrawn the ids of the list's withdrawn documents. A document that is listed under such an id
 *   is another one than the withdrawn document, so its id is extended too.
 */
export function distinctDocuments<T extends PharmacyDocument>(
  documents: readonly T[],
  withdrawn: readonly string[] = [],
): T[] {
  const byId = new Map<string, Map<string, T[]>>();
  for (const document of documents) {
    const group = byId.get(document.id) ?? new Map<string, T[]>();
    const content = contentOf(document);
    const same = group.get(content) ?? [];
    const isListed = same.some(({ url, sha256 }) => url === document.url || sha256 !== undefined);
    if (!isListed) same.push(document);
    byId.set(document.id, group.set(content, same));
  }
  return [...byId.values()].flatMap((group) =>
    [...group].flatMap(([content, same]) =>
      same.map((document, index) => {
        const isAlone = group.size === 1 && index === 0 && !withdrawn.includes(document.id);
        if (isAlone) return document;
        return {
          ...document,
          id: `${sharedId(document.id)} ${hash([document.id, content, index])}`,
        };
      }),
    ),
  );
}

/**
 * Returns an id for a document that has none: its hash, or else its name and link. The query of the link
 * does not count, because each read may sign another one.
 */
export function derivedId({ name, sha256, url }: Omit<PharmacyDocument, 'id'>): string {
  if (sha256 !== undefined) return sha256;
  return hash([name, url.startsWith('data:') ? url : url.replace(/[?#].*$/s, '')]);
}

/** What tells two documents with the same id apart. Their links do not: each read may sign new ones. */
function contentOf({ name, contentType, size, sha256, url }: PharmacyDocument): string {
  const content = url.startsWith('data:') ? hash([url]) : null;
  return sha256 ?? JSON.stringify([name, contentType, size ?? null, content]);
}

function hash(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
