import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonFaultsOf, mayHaveFaults, noteJsonFaults } from '../../../src/contract/json-faults.ts';
import { measureJson } from '../../../src/contract/json-size.ts';

const mayHaveFaultsIn = (text: string) =>
  mayHaveFaults(JSON.parse(text), measureJson(Buffer.from(text)));

/** The faults of an object that is the value of `key`, or of the whole text. */
function faultsIn(text: string, ...keys: readonly (string | number)[]) {
  const value: unknown = JSON.parse(text);
  noteJsonFaults(text, value);
  if (!mayHaveFaultsIn(text)) expect(jsonFaultsOf(value as object)).toBeUndefined();
  const part = keys.reduce((holder, key) => (holder as Record<string, unknown>)[key], value);
  return jsonFaultsOf(part as object);
}

const ROUNDED = { rounded: true, repeatedKey: undefined };
const repeated = (repeatedKey: string) => ({ rounded: false, repeatedKey });

describe('a number', () => {
  it.each([
    '12345678901234567890',
    '-12345678901234567890',
    '9007199254740993',
    '0.1234567890123456789012',
    '100000000000000000001',
    '1.00000000000000000001',
    '12345678901234567890.5',
    '1e400',
    '-1e400',
    '1e-400',
    '4.9e-324',
    '1e99999999999999999999',
    '3.14159265358979323846',
    `1${'0'.repeat(400)}`,
    `0.${'0'.repeat(400)}1`,
  ])('%s does not fit in a double', (digits) => {
    expect(faultsIn(`{"n":${digits}}`)).toEqual(ROUNDED);
    expect(faultsIn(`{"a":[{"n":[${digits}]}]}`)).toEqual(ROUNDED);
    expect(faultsIn(`{"a":[{"n":[${digits} ]}]}`, 'a', 0)).toEqual(ROUNDED);
  });

  it.each([
    ...[
      '0',
      '-0',
      '0.0',
      '0e999',
      '1',
      '1.0',
      '1.50',
      '10e-1',
      '123456789012345',
      '0.1',
      '-0.25E+2',
    ],
    ...[
      '9007199254740992',
      '9007199254740994',
      '1e23',
      '1e308',
      '5e-324',
      '1E+22',
      '100000000000000000000',
    ],
    ...[
      '12345678901234567000',
      '1.7976931348623157e308',
      `0.${'0'.repeat(300)}1`,
      `1.${'0'.repeat(99)}`,
    ],
  ])('%s keeps its value', (digits) => {
    expect(faultsIn(`{"n":[${digits}]}`)).toBeUndefined();
  });

  it('in a string is a text', () => {
    const text = JSON.stringify({ '12345678901234567890': '12345678901234567890', b: '"1e400' });
    expect(faultsIn(text)).toBeUndefined();
  });

  it('that JSON.stringify wrote always keeps its value', () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.double(),
        fc.bigInt({ min: -(2n ** 53n), max: 2n ** 53n }),
        (a, b, c) => {
          const text = `{"a":${JSON.stringify(a)},"b":${JSON.stringify(b)},"c":${c}}`;
          expect(faultsIn(text)).toBeUndefined();
        },
      ),
    );
  });

  it('with any digits has a fault exactly if its double has other digits', () => {
    const digits = fc.stringMatching(/^[1-9][0-9]{0,24}$/);
    fc.assert(
      fc.property(digits, (integer) => {
        const shortest = /^(\d)(?:\.(\d+))?e\+(\d+)$/.exec(Number(integer).toExponential());
        const [, first = '', rest = '', power = '0'] = shortest ?? [];
        const text = (first + rest).padEnd(Number(power) + 1, '0');
        expect(faultsIn(`[${integer}]`) === undefined).toBe(text === integer);
      }),
    );
  });
});

describe('a key', () => {
  it.each([
    ['a', '{"a":1,"a":1}'],
    ['a', '{"a":1,"b":2,"a":{}}'],
    ['a', String.raw`{"a":1,"\u0061":1}`],
    ['', '{"":1,"":2}'],
    ['__proto__', '{"__proto__":1,"__proto__":2}'],
    ['a', '{"b":[[{"c":{"a":1 , "a" :2}}]]}'],
    ['\\', String.raw`{"\\":1,"\\":2}`],
    ['b', '{"a":1,"b":1,"b":2,"a":2}'],
  ])('%j occurs twice in %s', (key, text) => {
    expect(faultsIn(text)).toEqual(repeated(key));
  });

  it.each([
    '{"a":{"a":1},"b":[{"a":1},{"a":1}]}',
    String.raw`{"a":1,"\\u0061":1,"A":1}`,
    String.raw`{"\"":"a\\\"","a":"{\"a\":1,\"a\":2}"}`,
    '{"1":1,"01":1}',
  ])('occurs once in %s', (text) => {
    expect(faultsIn(text)).toBeUndefined();
  });

  it('overrides the faults of the equal key before it, as its value does', () => {
    const text = '{"order":{"n":1e400},"order":{"n":1},"other":{"n":1e400}}';
    expect(faultsIn(text, 'order')).toBeUndefined();
    expect(faultsIn(text, 'other')).toEqual(ROUNDED);
    expect(faultsIn(text)).toEqual({ rounded: true, repeatedKey: 'order' });
  });
});

describe('the quick look at a text', () => {
  it.each([
    '{}',
    '[1,-2.5,true,false,null,"1e400",""]',
    ' { "a" : [ 123456789012345, { "a" : 0.1234567890123 } ] } ',
    String.raw`{"\u0061":"\"","__proto__":{"__proto__":null}}`,
  ])('finds that %s has no fault', (text) => {
    expect(mayHaveFaultsIn(text)).toBe(false);
  });

  it('overlooks no key that occurs twice, whatever the values are', () => {
    const keys = fc.array(fc.constantFrom('a', 'b', String.raw`\u0061`, '__proto__', '0'));
    fc.assert(
      fc.property(keys, fc.jsonValue(), (names, value) => {
        const members = names.map((name) => `"${name}":${JSON.stringify(value)}`);
        const isRepeated =
          new Set(names.map((name) => name.replace(/^\\u0061$/, 'a'))).size < names.length;
        const text = `{${members.join()}}`;
        expect(faultsIn(text)?.repeatedKey !== undefined).toBe(isRepeated);
        if (isRepeated) expect(mayHaveFaultsIn(text)).toBe(true);
      }),
    );
  });
});

it('a value without faults next to one with faults has none', () => {
  const text = '{"items":[{"a":{"n":1e400}},{"a":{"n":1}},{"a":{"n":1,"n":1}}]}';
  expect(faultsIn(text, 'items', 0, 'a')).toEqual(ROUNDED);
  expect(faultsIn(text, 'items', 1)).toBeUndefined();
  expect(faultsIn(text, 'items', 2, 'a')).toEqual(repeated('n'));
});

it('reads every JSON text that a pretty printer wrote', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(0, 2, '\t\r\n'), (value, space) => {
      const text = JSON.stringify(value, undefined, space) ?? 'null';
      noteJsonFaults(text, JSON.parse(text));
    }),
  );
});

it.each([
  ['a text', `["${'x'.repeat(1_000_000)}"]`],
  ['escapes', `["${'\\\\\\"'.repeat(250_000)}"]`],
  ['zeros', `[1${'0'.repeat(500_000)}1]`],
  ['a fraction', `[0.${'0'.repeat(999_999)}1]`],
  ['an exponent', `[1e${'9'.repeat(1_000_000)}]`],
  ['many numbers', `[${'1,'.repeat(500_000)}1]`],
  ['many keys', `{${Array.from({ length: 100_000 }, (_, n) => `"${n}":1`).join()}}`],
  ['brackets', `${'['.repeat(500_000)}${']'.repeat(500_000)}`],
])('reads a megabyte of %s before the test runs out of time', (_what, text) => {
  noteJsonFaults(text, JSON.parse(text));
});
