/** The text has more values than the caller accepts. */
export class TooManyValuesError extends Error {
  override readonly name = 'TooManyValuesError';
}

const LONG_INTEGER = /^-?[1-9]\d{15,}$/;

/**
 * Parses JSON text from another system. A byte order mark before it is skipped. An integer that a
 * double cannot carry becomes its digits as a string, so that an id keeps every digit.
 *
 * @param most the largest number of values; each member of an object and each element of a list is one.
 *   A parsed value takes up to 100 times the memory of its text (`[]`), whereas a string takes as much.
 * @throws {TooManyValuesError} before it parses anything.
 * @throws {SyntaxError} the text is not JSON.
 */
export function parseExactJson(text: string, most = Number.POSITIVE_INFINITY): unknown {
  const json = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const pieces: string[] = [];
  let copied = 0;
  for (const { start, end } of longIntegers(json, most)) {
    pieces.push(json.slice(copied, start), '"', json.slice(start, end), '"');
    copied = end;
  }
  return JSON.parse(copied === 0 ? json : pieces.join('') + json.slice(copied)) as unknown;
}

/**
 * Finds the integers of a JSON text that a double cannot carry. The text need not be valid.
 *
 * `measureJson` of the contract scans JSON too. One scanner for both would visit each token: measuring a
 * body of 1 MiB with many short values then takes 1.7 to 2 times as long, and this function up to 2.6 times
 * where escapes or long integers are many. `measureJson` reads bytes before anything has checked that they are
 * UTF-8, and stops at a limit; this function reads decoded text to its end.
 */
function longIntegers(
  json: string,
  most: number,
): { readonly start: number; readonly end: number }[] {
  const found: { start: number; end: number }[] = [];
  let values = 1;
  for (let at = 0; at < json.length; at += 1) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(json, at);
    } else if (code === COMMA || code === BRACKET || code === BRACE) {
      values += 1;
      if (values > most) throw new TooManyValuesError(`more than ${most} values`);
    } else if (isDigit(code) || code === MINUS) {
      const start = at;
      while (isOfNumber(json.charCodeAt(at + 1))) at += 1;
      const end = at + 1;
      const number = end - start < 16 ? '' : json.slice(start, end);
      const isLong = LONG_INTEGER.test(number) && !Number.isSafeInteger(Number(number));
      // The name of a member must be a string; quoting a number there would make it valid.
      if (isLong && json[afterSpace(json, end)] !== ':') {
        found.push({ start, end });
      }
    }
  }
  return found;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const MINUS = 0x2d;
const BRACKET = 0x5b;
const BRACE = 0x7b;

/** Returns the place of the quote that ends the string that begins at `start`. */
function endOfString(json: string, start: number): number {
  for (let at = start + 1; at < json.length; at += 1) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) return at;
    if (code === BACKSLASH) at += 1;
  }
  return json.length;
}

function afterSpace(json: string, start: number): number {
  let at = start;
  while (' \t\r\n'.includes(json[at] ?? '-')) at += 1;
  return at;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** Digits, signs, the point and the exponent. */
function isOfNumber(code: number): boolean {
  return (
    isDigit(code) || code === MINUS || code === 0x2b || code === 0x2e || (code | 0x20) === 0x65
  );
}
