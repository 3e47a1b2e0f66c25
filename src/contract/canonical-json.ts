/** Far below the depth at which `JSON.stringify` overflows the stack. */
const MAX_DEPTH = 256;

/**
 * Serializes a value as JSON with sorted keys, so that equal payloads give equal texts whatever the
 * order of their keys. Like `JSON.stringify`, it leaves out fields that are `undefined`.
 *
 * @throws {RangeError} the value is nested deeper than 256 levels.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(withSortedKeys(value, 0));
}

/** Copies a JSON value with the keys of its objects sorted. */
function withSortedKeys(value: unknown, depth: number): unknown {
  if (!isContainer(value)) return value;
  if (depth === MAX_DEPTH) throw new RangeError(`nested deeper than ${MAX_DEPTH} levels`);
  if (Array.isArray(value)) return value.map((part) => withSortedKeys(part, depth + 1));
  const parts = value as Readonly<Record<string, unknown>>;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value).sort()) {
    const part = withSortedKeys(parts[key], depth + 1);
    // An assignment would set the prototype.
    if (key === '__proto__') Object.defineProperty(copy, key, { value: part, enumerable: true });
    else copy[key] = part;
  }
  return copy;
}

/**
 * Whether objects and arrays are nested deeper than `limit` levels. A scalar has depth 0, `{}` and `[]`
 * have depth 1, and a cycle exceeds every limit. The search goes level by level, so no input can
 * overflow the stack.
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
 * Whether every number can be serialized as JSON. `JSON.parse` reads a number beyond the range of a
 * double, such as `1e400`, as infinity, which `JSON.stringify` would write as `null`.
 *
 * @param value must be of bounded depth, so without a cycle.
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

/** Yields the objects and arrays of each level, outermost first. Never ends for a cycle. */
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
