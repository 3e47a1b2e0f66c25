import { createHash } from 'node:crypto';
import type { PharmacyDocument } from './gateway.ts';

/**
 * How much of a long id {@link sharedId} keeps, in code points, so that no surrogate pair is cut. An
 * extended id has at most 254 UTF-16 units; a column has room for 255.
 */
const MOST_CHARACTERS = 90;
/** What distinguishes documents that share an id: a blank and a SHA-256 at the end of the id. */
const EXTENSION = / [0-9a-f]{64}$/;

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
 * Returns the part that the ids of documents have in common if they share the pharmacy's id.
 *
 * @param id the pharmacy's id, or one that {@link distinctDocuments} extended.
 */
export function sharedId(id: string): string {
  const own = id.replace(EXTENSION, '');
  if (own !== id) return own;
  const beginning = [...id].slice(0, MOST_CHARACTERS).join('');
  // Ids with the same beginning stay apart.
  return beginning === id ? id : `${beginning}~${hash([id]).slice(0, 8)}`;
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
