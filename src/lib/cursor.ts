/** Where a page ended: which list, and the keys that it is sorted by, of its last item. */
export type Cursor = readonly string[];

/** Writes a cursor as a client gets it: opaque, and safe in a URL. */
export function writeCursor(list: string, keys: Cursor): string {
  return Buffer.from(JSON.stringify([list, ...keys])).toString('base64url');
}

/**
 * Reads a cursor that a client sent.
 *
 * @param list which list it must be of.
 * @param shape one pattern for each of its keys, so that nothing but keys reaches a query.
 * @returns undefined for what is none of this list.
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
