import { createHash } from 'node:crypto';

/**
 * How much of a long id {@link sharedId} keeps, in code points, so that no surrogate pair is cut. An
 * extended id has at most 254 UTF-16 units; a column has room for 255.
 */
const MOST_CHARACTERS = 90;
/** What distinguishes documents that share an id: a blank and a SHA-256 at the end of the id. */
const EXTENSION = / [0-9a-f]{64}$/;

/**
 * Returns the part that the ids of documents have in common if they share the pharmacy's id.
 *
 * @param id the pharmacy's id, or one that `distinctDocuments` extended.
 */
export function sharedId(id: string): string {
  const own = id.replace(EXTENSION, '');
  if (own !== id) return own;
  const beginning = [...id].slice(0, MOST_CHARACTERS).join('');
  // Ids with the same beginning stay apart.
  return beginning === id ? id : `${beginning}~${hashOf(id).slice(0, 8)}`;
}

function hashOf(id: string): string {
  return createHash('sha256')
    .update(JSON.stringify([id]))
    .digest('hex');
}
