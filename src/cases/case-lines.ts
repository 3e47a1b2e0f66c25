import { isUtf8 } from 'node:buffer';
import { type ImportedCase, parseImportedCase } from '../contract/case.ts';

/** A parsed line of a file of cases: a case, a fault, or a blank line. */
export type CaseLine =
  | { readonly kind: 'case'; readonly value: ImportedCase }
  | { readonly kind: 'fault'; readonly rule: string }
  | { readonly kind: 'blank' };

/** Maximum length of a line, far above any real case. It bounds the memory of an import. */
const MAX_LINE_BYTES = 1_048_576;

/** Maximum number of faults that are reported for one line. */
const MAX_RULES = 5;

const LINE_FEED = 0x0a;
/**
 * Splits bytes into lines. A line that is too long is returned as undefined; its bytes are dropped.
 *
 * @param chunks the bytes of the file, in chunks of any size.
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
 * Parses one line, `{"id","patient":{…}}`. A fault names fields and rules, and never quotes a value.
 *
 * @param line the bytes of the line; undefined if it was too long.
 */
export function readCaseLine(line: Buffer | undefined): CaseLine {
  if (line === undefined) {
    return { kind: 'fault', rule: `must be at most ${MAX_LINE_BYTES} bytes` };
  }
  if (!isUtf8(line)) return { kind: 'fault', rule: 'must be UTF-8' };
  // `trim` also removes a byte order mark.
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
