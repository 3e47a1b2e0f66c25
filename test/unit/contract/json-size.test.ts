import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MOST_JSON_LEVELS, MOST_JSON_PARTS, measureJson } from '../../../src/contract/json-size.ts';

const measure = (text: string) => measureJson(Buffer.from(text));

/** The values and keys of a parsed value, and its levels. */
function sizeOf(value: unknown): { parts: number; levels: number } {
  if (typeof value !== 'object' || value === null) return { parts: 1, levels: 0 };
  const keys = Array.isArray(value) ? 0 : Object.keys(value).length;
  const inside = Object.values(value).map(sizeOf);
  return {
    parts: inside.reduce((sum, { parts }) => sum + parts, 1 + keys),
    levels: 1 + Math.max(0, ...inside.map(({ levels }) => levels)),
  };
}

it('counts the values, keys and levels of every JSON text, however it is written', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(undefined, 2, '\t\r\n'), (value, space) => {
      const text = JSON.stringify(value, undefined, space) ?? 'null';
      expect(measure(text)).toMatchObject(sizeOf(JSON.parse(text)));
    }),
  );
});

it.each([
  ['[]', 1, 1],
  ['[[],[]]', 3, 2],
  ['{"a":[1,true,null,"x"]}', 7, 2],
  [String.raw`["[\"{\\","\\\\"]`, 3, 1],
  ['', 0, 0],
  [' \ufeff{"a":-1.5e3}', 4, 1],
])('%s has %d values and keys on %d levels', (text, parts, levels) => {
  expect(measure(text)).toMatchObject({ parts, levels });
});

it.each([
  ['[123456789012345,-1.5,0,true,false,null,"1e400","12345678901234567890"]', true],
  ['[1234567890123456]', false],
  ['[0.12345678901234]', false],
  ['[1e4]', false],
  ['{"a":[1,-1E4]}', false],
  ['1e4', false],
  ['[', true],
])('%s has only short numbers: %s', (text, hasShortNumbers) => {
  expect(measure(text)).toMatchObject({ hasShortNumbers });
});

it('reads any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(measureJson(bytes).parts).toBeLessThanOrEqual(bytes.length);
    }),
  );
});

describe('a megabyte that is expensive to parse is measured no further than the limit:', () => {
  it.each([
    ['empty arrays', '[],'],
    ['keys', '"":0,'],
    ['open arrays in objects', '{"a":['],
    ['texts', '"",'],
    ['numbers', '0,'],
    ['unfinished texts', '"\\"'],
  ])('%s', (_what, piece) => {
    const { parts, levels } = measure(`[${piece.repeat(1_000_000 / piece.length)}`);
    expect(parts).toBeLessThanOrEqual(MOST_JSON_PARTS + 1);
    expect(levels).toBeLessThanOrEqual(MOST_JSON_LEVELS + 1);
    expect(parts > MOST_JSON_PARTS || levels > MOST_JSON_LEVELS || piece === '"\\"').toBe(true);
  });
});
