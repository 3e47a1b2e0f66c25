import { isUtf8 } from 'node:buffer';
import { type ImportedCase, parseImportedCase } from '../contract/case.ts';

/** One line of a file of cases: the case, what is wrong with it, or nothing in a blank line. */
export type CaseLine =
  | { readonly kind: 'case'; readonly value: ImportedCase }
  | { readonly kind: 'fault'; readonly rule: string }
  | { readonly kind: 'blank' };

/** Longest line, in bytes: far above any case, and a bound on what is kept in memory. */
const MAX_LINE_BYTES = 1_048_576;

/** Faults of one line that are told. */
const MAX_RULES = 5;

const LINE_FEED = 0x0a;
/**
 * Splits bytes into lines. A line that is too long comes as undefined, and its bytes are let go of.
 *
 * @param chunks of any size.
 */
export async function* splitLines(
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer | undefined> {
  let parts: Buffer[] = [];
  let size = 0;
  const take = () => {
    const line = size > MAX_LINE_BYTES ? undefined : Buffer.concat(parts, size);
    parts = [];
    size = 0;
    return line;
  };
  const keep = (part: Buffer) => {
    size += part.length;
    if (size > MAX_LINE_BYTES) parts = [];
    else if (part.length > 0) parts.push(part);
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(LINE_FEED); at !== -1; at = chunk.indexOf(LINE_FEED, from)) {
      keep(chunk.subarray(from, at));
      yield take();
      from = at + 1;
    }
    keep(chunk.subarray(from));
  }
  if (size > 0) yield take();
}

/**
 * Reads one line, `{"id","patient":{…}}`. What is told of a fault names fields and rules, never a
 * value.
 *
 * @param line its bytes; undefined: too long.
 */
export function readCaseLine(line: Buffer | undefined): CaseLine {
  if (line === undefined) {
    return { kind: 'fault', rule: `must be at most ${MAX_LINE_BYTES} bytes` };
  }
  if (!isUtf8(line)) return { kind: 'fault', rule: 'must be UTF-8' };
  // Takes a byte order mark away too.
  const text = line.toString('utf8').trim();
  if (text === '') return { kind: 'blank' };
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return { kind: 'fault', rule: 'must be a JSON object' };
  }
  const parsed = parseImportedCase(body);
  if (parsed.ok) return { kind: 'case', value: parsed.value };
  const rules = parsed.errors.map(({ path, field, message }) =>
    field === 'body'
      ? 'must be a JSON object'
      : `${path.slice(0, path.length - field.length)}${message}`,
  );
  return { kind: 'fault', rule: rules.slice(0, MAX_RULES).join('; ') };
}
