/*
 * Arrays of texts as Postgres writes them (documentation, 8.15.6 "Array Input and Output Syntax").
 */

/** Writes an array of texts; `null` is none. */
export function writeTextArray(texts: readonly string[]): string {
  const quoted = texts.map((text) => `"${text.replace(/["\\]/g, '\\$&')}"`);
  return `{${quoted.join(',')}}`;
}

/** Reads an array of one dimension without nulls. */
export function readTextArray(literal: string): string[] {
  const items = literal.slice(1, -1).match(/"(?:[^"\\]|\\.)*"|[^,]+/gs) ?? [];
  return items.map((item) =>
    item.startsWith('"') ? item.slice(1, -1).replace(/\\(.)/gs, '$1') : item,
  );
}
