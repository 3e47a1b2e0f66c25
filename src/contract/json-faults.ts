import { jsonDepthExceeds } from './canonical-json.ts';
import type { JsonSize } from './json-size.ts';

/*
 * What `JSON.parse` loses without an error: it rounds a number that a double cannot carry, and keeps one of
 * two values with the same key. Neither may happen to fields that are passed on unchanged.
 */

/** What the JSON text of an object, or of anything inside it, has that its value lacks. */
export interface JsonFaults {
  /** A number whose value differs from the parsed double. */
  readonly rounded: boolean;
  /** The first key that occurs twice in one object, decoded; undefined if every key occurs once. */
  readonly repeatedKey: string | undefined;
}

/** Found by {@link noteJsonFaults}, for as long as the parsed objects are in use. */
const FAULTS = new WeakMap<object, JsonFaults>();

/** Requests nested deeper are refused, so no search is needed. It keeps the recursion small. */
const MAX_DEPTH = 256;

/**
 * Whether parsing may have lost something. It costs a fraction of {@link noteJsonFaults}, which finds nothing
 * after a false: short numbers keep their values, and an object that lost a key has fewer parts than its text.
 *
 * @param value what `JSON.parse` made of a text, at most `MOST_JSON_LEVELS` deep.
 * @param size the size of the whole text.
 */
export function mayHaveFaults(value: unknown, { parts, hasShortNumbers }: JsonSize): boolean {
  return !hasShortNumbers || countParts(value) !== parts;
}

/** The number of values and keys. */
function countParts(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  let parts = 1;
  if (Array.isArray(value)) {
    for (const part of value) parts += countParts(part);
  } else {
    for (const part of Object.values(value)) parts += 1 + countParts(part);
  }
  return parts;
}

/**
 * Finds what parsing lost, for {@link jsonFaultsOf}.
 *
 * @param text valid JSON without a byte order mark.
 * @param value what `JSON.parse` made of it.
 */
export function noteJsonFaults(text: string, value: unknown): void {
  if (jsonDepthExceeds(value, MAX_DEPTH)) return;
  note(value, new Search(text).value());
}

/** What the JSON text of a parsed object lost; undefined if nothing, or if the object was not parsed. */
export function jsonFaultsOf(value: object): JsonFaults | undefined {
  return FAULTS.get(value);
}

/** The faults of a part of the text, by the keys under which the value has its parts. */
interface Node extends JsonFaults {
  readonly parts: ReadonlyMap<string | number, Node>;
}

function note(value: unknown, node: Node | undefined): void {
  if (node === undefined || typeof value !== 'object' || value === null) return;
  const { rounded, repeatedKey } = node;
  FAULTS.set(value, { rounded, repeatedKey });
  for (const [key, part] of node.parts) note((value as Record<string, unknown>)[key], part);
}

const ROUNDED: Node = { rounded: true, repeatedKey: undefined, parts: new Map() };
const SCALAR = /[^\s,\]}]+/y;
/** White space and punctuation between values. */
const GAP = ' \t\r\n:,';

/** Reads valid JSON from left to right. Every method returns undefined for a part without faults. */
class Search {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(): Node | undefined {
    this.#skipGap();
    const first = this.#text[this.#at];
    if (first === '{') return this.#container('}', () => this.#key());
    if (first === '[') {
      let index = 0;
      return this.#container(']', () => index++);
    }
    if (first === '"') {
      this.#string();
      return undefined;
    }
    return isExact(this.#take(SCALAR)) ? undefined : ROUNDED;
  }

  #container(end: string, nextKey: () => string | number): Node | undefined {
    const seen = new Set<string | number>();
    const parts = new Map<string | number, Node>();
    let repeatedKey: string | undefined;
    this.#at += 1;
    for (this.#skipGap(); this.#text[this.#at] !== end; this.#skipGap()) {
      const key = nextKey();
      const part = this.value();
      if (seen.has(key)) repeatedKey ??= String(key);
      seen.add(key);
      // Of two equal keys, the value has the last one.
      if (part === undefined) parts.delete(key);
      else parts.set(key, part);
    }
    this.#at += 1;
    const inside = [...parts.values()];
    const rounded = inside.some((part) => part.rounded);
    repeatedKey ??= inside.find((part) => part.repeatedKey !== undefined)?.repeatedKey;
    return rounded || repeatedKey !== undefined ? { rounded, repeatedKey, parts } : undefined;
  }

  #key(): string {
    const quoted = this.#string();
    return quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);
  }

  /** Takes a string with its quotes. A regular expression would need a stack for a long one. */
  #string(): string {
    const start = this.#at;
    let end = start;
    do end = this.#text.indexOf('"', end + 1);
    while (this.#isEscaped(end));
    this.#at = end + 1;
    return this.#text.slice(start, this.#at);
  }

  #isEscaped(index: number): boolean {
    let first = index;
    while (this.#text[first - 1] === '\\') first -= 1;
    return (index - first) % 2 === 1;
  }

  #skipGap(): void {
    while (GAP.includes(this.#text[this.#at] ?? '-')) this.#at += 1;
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const [taken = ''] = pattern.exec(this.#text) ?? [];
    this.#at += taken.length;
    return taken;
  }
}

/** Whether a number keeps its value as a double, such as `1.50`, but not `12345678901234567890`. */
function isExact(token: string): boolean {
  if (!/^[-\d]/.test(token)) return true; // true, false, null
  // A double carries any 15 digits.
  if (/^-?\d{1,15}$/.test(token)) return true;
  return decimalOf(token) === decimalOf(String(Number(token)));
}

/** A number's digits without zeros at either end, and the power of ten of the last one. */
function decimalOf(token: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(token) ?? [];
  if (whole === '') return token; // Infinity
  const digits = (whole + fraction).replace(/^0+/, '');
  let end = digits.length;
  while (digits[end - 1] === '0') end -= 1;
  const significant = digits.slice(0, end);
  if (significant === '') return '0';
  const power = Number(exponent) - fraction.length + digits.length - end;
  return `${sign}${significant}e${power}`;
}
