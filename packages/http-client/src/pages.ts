import { UnexpectedAnswerError } from './http-client-errors.ts';
import { type Query, withQuery } from './paths.ts';
import { readData } from './read-answer.ts';
import type { Call, Reply, Send } from './send.ts';

/** A page of a list. */
interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
  readonly reply: Reply;
}

/** A list of the API: its path, and the name of the items in `data`. */
export interface List extends Pick<Call, 'signal'> {
  readonly path: string;
  readonly name: 'orders' | 'activity' | 'documents' | 'pharmacies';
  readonly query?: Query;
}

/** Reads one page. The items are not checked: the client trusts the server's own answers. */
export async function readPage<Item>(send: Send, list: List): Promise<Page<Item>> {
  const { path, name, query = {}, signal } = list;
  const reply = await send({ method: 'GET', path: withQuery(path, query), signal });
  return readData(reply, ({ [name]: items, nextCursor = null }) =>
    Array.isArray(items) && (nextCursor === null || typeof nextCursor === 'string')
      ? { items: items as Item[], nextCursor, reply }
      : undefined,
  );
}

/**
 * Iterates over all items of a list, from its cursor on. Reads a page when the loop needs it.
 *
 * @throws {UnexpectedAnswerError} a page names its own cursor as the next one, which never ends.
 */
export async function* iterate<Item>(send: Send, list: List): AsyncGenerator<Item, void, void> {
  let cursor = list.query?.['cursor'];
  for (;;) {
    const query = { ...list.query, cursor };
    const { items, nextCursor, reply } = await readPage<Item>(send, { ...list, query });
    yield* items;
    if (nextCursor === null) return;
    if (nextCursor === cursor) throw new UnexpectedAnswerError('shape', reply.facts);
    cursor = nextCursor;
  }
}

/** Reads a complete list into memory. For lists that are always short. */
export async function readAll<Item>(send: Send, list: List): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of iterate<Item>(send, list)) all.push(item);
  return all;
}
