/** The most values and keys together in one body. A key is the name of a member of an object. */
export const MOST_JSON_PARTS = 20_000;
/** The deepest nesting of objects and arrays in a body; only `customFields` may nest freely. */
export const MOST_JSON_LEVELS = 64;

/** What a JSON text contains, as far as {@link measureJson} read it. */
export interface JsonSize {
  /** The number of values and keys. */
  readonly parts: number;
  /** The deepest nesting of objects and arrays; a scalar alone has 0. */
  readonly levels: number;
  /** Every number has at most 15 characters and no exponent, so that a double has its exact value. */
  readonly hasShortNumbers: boolean;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LETTER_A = 0x41;
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/** Marks the bytes that begin or continue no number and no word such as `true`. */
const BETWEEN_SCALARS = new Uint8Array(256);
for (const character of ' \t\r\n,:"[]{}') BETWEEN_SCALARS[character.charCodeAt(0)] = 1;

/**
 * Measures a JSON text without parsing it. A value of two bytes such as `[]` costs about a thousand times
 * as much to parse and check as two bytes of a long text, so the length of a body says little about its
 * cost. The scan stops when it exceeds one of the two limits, and jumps over texts.
 *
 * @param json UTF-8. It need not be valid JSON.
 */
export function measureJson(json: Uint8Array): JsonSize {
  let parts = 0;
  let depth = 0;
  let levels = 0;
  let hasShortNumbers = true;
  for (let at = 0; at < json.length; at += 1) {
    const byte = json[at] ?? 0;
    if (byte === QUOTE) {
      parts += 1;
      at = endOfText(json, at);
    } else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
      parts += 1;
      depth += 1;
      levels = Math.max(levels, depth);
    } else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) {
      depth -= 1;
    } else if (BETWEEN_SCALARS[byte] === 0) {
      parts += 1;
      const start = at;
      while (BETWEEN_SCALARS[json[at + 1] ?? QUOTE] === 0) at += 1;
      hasShortNumbers &&= isShort(json, start, at + 1);
    }
    if (parts > MOST_JSON_PARTS || levels > MOST_JSON_LEVELS) break;
  }
  return { parts, levels, hasShortNumbers };
}

/** Whether a scalar is a word such as `true`, or a number of at most 15 characters without an exponent. */
function isShort(json: Uint8Array, start: number, end: number): boolean {
  const first = json[start] ?? 0;
  if (first >= LETTER_A) return true;
  if (end - start > 15) return false;
  for (let at = start; at < end; at += 1) if ((json[at] ?? 0) >= LETTER_A) return false;
  return true;
}

/** Returns the place of the quote that ends the text whose first quote is at `start`. */
function endOfText(json: Uint8Array, start: number): number {
  for (let end = json.indexOf(QUOTE, start + 1); end !== -1; end = json.indexOf(QUOTE, end + 1)) {
    let first = end;
    while (json[first - 1] === BACKSLASH) first -= 1;
    if ((end - first) % 2 === 0) return end;
  }
  return json.length;
}
