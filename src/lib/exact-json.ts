import { parse } from 'lossless-json';

/**
 * Parses JSON text from another system. A byte order mark before it is skipped. An integer that a
 * double cannot carry becomes its digits as a string, so that an id keeps every digit.
 *
 * @throws {SyntaxError} the text is not JSON.
 */
export function parseExactJson(text: string): unknown {
  const json = text.startsWith('\uFEFF') ? text.slice(1) : text;
  // Every number with at most 15 digits is exact, and V8's parser is much faster.
  if (!/\d{16}/.test(json)) return JSON.parse(json) as unknown;
  return parse(json, undefined, {
    parseNumber: (digits) =>
      /^-?\d+$/.test(digits) && !Number.isSafeInteger(Number(digits)) ? digits : Number(digits),
    onDuplicateKey: ({ newValue }) => newValue,
  });
}
