/** The position where a page of a list ended: the sort keys of its last item. */
export type Cursor = readonly string[];

/** Encodes a cursor for a client: opaque, and safe in a URL. @param list the name of the list. */
export function writeCursor(list: string, keys: Cursor): string {
  return Buffer.from(JSON.stringify([list, ...keys])).toString('base64url');
}

/**
 * Decodes a cursor from a client.
 *
 * @param list the name of the list that the cursor must belong to.
 * @param shape one pattern for each key, so that only well-formed keys reach a query.
 * @returns undefined if the text is not a cursor of this list.
 */
export function readCursor(
  text: string,
  list: string,
  shape: readonly RegExp[],
): Cursor | undefined {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
  if (!Array.isArray(value) || value.length !== shape.length + 1 || value[0] !== list) {
    return undefined;
  }
  const keys = value.slice(1).filter((part): part is string => typeof part === 'string');
  return shape.every((pattern, index) => pattern.test(keys[index] ?? '')) ? keys : undefined;
}
