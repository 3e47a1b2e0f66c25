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
  let depth = 0;
  for (const _ of levelsOf(value)) {
    if (depth === limit) return true;
    depth += 1;
  }
  return false;
}

/**
 * Whether every number can be written as JSON: of one that is beyond a double, as `1e400` is,
 * `JSON.parse` makes infinity and `JSON.stringify` then `null`.
 *
 * @param value of bounded depth, so without a cycle.
 */
export function hasFiniteNumbersOnly(value: object): boolean {
  for (const level of levelsOf(value)) {
    for (const container of level) {
      const parts: unknown[] = Object.values(container);
      if (parts.some((part) => typeof part === 'number' && !Number.isFinite(part))) return false;
    }
  }
  return true;
}

/** Objects and arrays by their depth, the outermost first; of a cycle, without end. */
function* levelsOf(value: unknown): Generator<ReadonlySet<object>> {
  let level = new Set([value].filter(isContainer));
  while (level.size > 0) {
    yield level;
    const next = new Set<object>();
    for (const container of level) {
      for (const child of Object.values(container)) if (isContainer(child)) next.add(child);
    }
    level = next;
  }
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function sortKeys(object: object): object {
  const entries: [string, unknown][] = Object.entries(object);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
