import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { parse as parseLossless } from 'lossless-json';
import { describe, expect, it } from 'vitest';
import { parseExactJson, TooManyValuesError } from '../../../src/lib/exact-json.ts';

/** Long digits switch to the parser that keeps them; this text makes it parse the rest, too. */
const LONG = '"1234567890123456"';
const exactly = (json: string): unknown => (parseExactJson(`[${LONG},${json}]`) as unknown[])[1];

describe('parseExactJson', () => {
  it.each([
    ['9400111899223344556677', '9400111899223344556677'],
    ['-9400111899223344556677', '-9400111899223344556677'],
    ['900719925474099312345', '900719925474099312345'],
    ['9007199254740993', '9007199254740993'],
    ['9007199254740992', '9007199254740992'],
    ['9007199254740991', 9007199254740991],
    ['1000000000000000', 1000000000000000],
    ['123456789012345', 123456789012345],
    ['-0', -0],
    ['0', 0],
    ['1.5', 1.5],
    ['0.12345678901234567890', 0.12345678901234568],
    ['12345678901234567890.5', 12345678901234567000],
    ['1e400', Infinity],
    ['-1e400', -Infinity],
    ['1e-400', 0],
    ['1e21', 1e21],
    ['1E+2', 100],
  ])('reads the number %s as %j', (json, expected) => {
    expect(parseExactJson(json)).toBe(expected);
    expect(exactly(json)).toBe(expected);
  });

  it('skips one byte order mark', () => {
    expect(parseExactJson('\uFEFF{"a":1}')).toEqual({ a: 1 });
    expect(parseExactJson('\uFEFF[9400111899223344556677]')).toEqual(['9400111899223344556677']);
    expect(() => parseExactJson('\uFEFF\uFEFF{}')).toThrow(SyntaxError);
    expect(() => parseExactJson('{\uFEFF}')).toThrow(SyntaxError);
    expect(parseExactJson('"\uFEFF"')).toBe('\uFEFF');
  });

  it('keeps each integer digit for digit', () => {
    const anyInteger = fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n });
    fc.assert(
      fc.property(anyInteger, (number) => {
        const { id } = parseExactJson(`{"id":${number}}`) as { id: number | string };
        expect(String(id)).toBe(String(number));
        expect(typeof id).toBe(Number.isSafeInteger(Number(number)) ? 'number' : 'string');
      }),
    );
  });

  it('reads every other JSON text as JSON.parse does', () => {
    const anyJson = fc.json({ noUnicodeString: false, maxDepth: 3 });
    fc.assert(
      fc.property(anyJson, fc.constantFrom(0, 1, '\t'), (json, indent) => {
        const text = JSON.stringify(JSON.parse(json), undefined, indent);
        // A large integer is its digits, as the test above says.
        const expected: unknown = JSON.parse(text, (_, value: unknown) =>
          typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(String(value))
            ? String(value)
            : value,
        );
        return [parseExactJson(text), exactly(text)].every((value) =>
          isDeepStrictEqual(value, expected),
        );
      }),
    );
  });

  it.each([
    '{"__proto__":{"id":1}}',
    '{"constructor":1,"hasOwnProperty":2,"toString":3}',
    '{"a":1,"a":2,"a":3}',
    '{"a":{"b":1},"a":[2]}',
    '{"":""}',
    '"\\ud83d\\ude00\\u0000\\/\\b"',
    '"\\ud800"',
    ' \r\n\t[ 1 , 2 ] ',
  ])('reads %s as JSON.parse does', (json) => {
    const both = [parseExactJson(json), exactly(json)];
    for (const value of both) expect(value).toStrictEqual(JSON.parse(json));
    expect(({} as { id?: number }).id).toBeUndefined();
    for (const value of both) {
      expect(Object.keys(value as object)).toEqual(Object.keys(JSON.parse(json) as object));
    }
  });

  it('reads numbers anywhere in a text as a parser in JavaScript does, and refuses what it refuses', () => {
    const pieces = ['1234567890123456789', '-9007199254740993', '9007199254740993', '"a"', ':'];
    const more = [
      '{',
      '}',
      '[',
      ']',
      ',',
      ' ',
      '\\',
      '"',
      '"\\"12345678901234567890"',
      '0',
      '.1',
      'e5',
    ];
    const exact = (text: string) =>
      parseLossless(text, undefined, {
        parseNumber: (digits) =>
          /^-?\d+$/.test(digits) && !Number.isSafeInteger(Number(digits)) ? digits : Number(digits),
        onDuplicateKey: ({ newValue }) => newValue,
      });
    const texts = fc.array(fc.constantFrom(...pieces, ...more), { maxLength: 9 });
    const shapes = fc.constantFrom('?', '[?]', '{"a":?}', '{?:1}', '{?}', '["a",?,{"b":?}]');
    fc.assert(
      fc.property(texts, shapes, (parts, shape) => {
        const text = shape.replaceAll('?', parts.join(''));
        return isDeepStrictEqual(
          outcome(() => parseExactJson(text)),
          outcome(() => exact(text)),
        );
      }),
      { numRuns: 2_000 },
    );
  });

  it('refuses a text of more values than the caller accepts, before it parses it', () => {
    expect(parseExactJson('[1,{"a":2},",[{,"]', 5)).toHaveLength(3);
    expect(() => parseExactJson('[1,{"a":2},",[{,"]', 4)).toThrow(TooManyValuesError);
    expect(() => parseExactJson(`${'['.repeat(6)}not JSON`, 5)).toThrow(TooManyValuesError);
  });

  it('refuses what JSON.parse refuses', () => {
    const pieces = ['{', '}', '[', ']', ',', ':', '"a"', "'a'", '01', '1', '.', '-', 'e', 'null'];
    const more = ['NaN', 'undefined', '//', '\\', '"', '\n', '\u00a0', '+1', '0x1', '1.', '.5'];
    const texts = fc.array(fc.constantFrom(...pieces, ...more), { maxLength: 7 });
    fc.assert(
      fc.property(texts, (parts) => {
        const text = parts.join('');
        return [text, `[${LONG},${text}]`].every((json) =>
          isDeepStrictEqual(
            outcome(() => parseExactJson(json)),
            outcome(() => JSON.parse(json)),
          ),
        );
      }),
      { numRuns: 1_000 },
    );
  });
});

/** The value, or that the text was refused. */
function outcome(parse: () => unknown): unknown {
  try {
    return { value: parse() };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return 'refused';
  }
}
