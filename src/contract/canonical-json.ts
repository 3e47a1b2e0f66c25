/** Far from where the recursion of `JSON.stringify` overflows the stack. */
const MAX_DEPTH = 256;

/**
 * Writes a value as JSON with the keys of every object in one fixed order, so that equal payloads
 * give equal texts however their keys were ordered. As in JSON, what it cannot express (`undefined`
 * in an object) is left out.
 *
 * @throws {RangeError} the value is nested deeper than 256 levels.
 */
export function canonicalJson(value: unknown): string {
  if (jsonDepthExceeds(value, MAX_DEPTH)) {
    throw new RangeError(`nested deeper than ${MAX_DEPTH} levels`);
  }
  return JSON.stringify(value, (_key, part: unknown) =>
    isContainer(part) && !Array.isArray(part) ? sortKeys(part) : part,
  );
}

/**
 * Whether objects and arrays are nested deeper than `limit` levels; a scalar has depth 0, `{}` and
 * `[]` have depth 1. Works level by level, so that no input can overflow the stack; a cycle exceeds
 * every limit.
 *
 * @param limit in levels.
 */
export function jsonDepthExceeds(value: unknown, limit: number): boolean {
  let level = new Set([value].filter(isContainer));
  for (let depth = 0; level.size > 0; depth += 1) {
    if (depth === limit) return true;
    const next = new Set<object>();
    for (const container of level) {
      for (const child of Object.values(container)) if (isContainer(child)) next.add(child);
    }
    level = next;
  }
  return false;
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function sortKeys(object: object): object {
  const entries: [string, unknown][] = Object.entries(object);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
