/** Where a page ended: the keys that its list is sorted by, of its last item. */
export type Cursor = readonly string[];

/** Writes a cursor as a client gets it: opaque, and safe in a URL. */
export function writeCursor(cursor: Cursor): string {
  return Buffer.from(JSON.stringify(cursor)).toString('base64url');
}

/**
 * Reads a cursor that a client sent.
 *
 * @param shape one pattern for each of its parts, so that nothing but keys reaches a query.
 * @returns undefined for what is none of ours.
 */
export function readCursor(text: string, shape: readonly RegExp[]): Cursor | undefined {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
  if (!Array.isArray(value) || value.length !== shape.length) return undefined;
  const parts = value.filter((part): part is string => typeof part === 'string');
  return shape.every((pattern, index) => pattern.test(parts[index] ?? '')) ? parts : undefined;
}
