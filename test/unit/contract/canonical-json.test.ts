import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonicalJson,
  hasFiniteNumbersOnly,
  jsonDepthExceeds,
} from '../../../src/contract/canonical-json.ts';
import { validOrder } from '../../support/place-order-arbitrary.ts';

function nested(levels: number): unknown {
  let value: unknown = [];
  for (let level = 1; level < levels; level += 1) value = level % 2 === 0 ? [value] : { value };
  return value;
}

/** The same value with the keys of every object in reverse. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).reverse();
  return Object.fromEntries(entries.map(([key, part]) => [key, reversed(part)]));
}

describe('canonicalJson', () => {
  it('sorts keys at every level and keeps the order of lists', () => {
    expect(canonicalJson({ b: [{ d: 1, c: 2 }, 3, 1], a: { z: null, y: '"' } })).toBe(
      '{"a":{"y":"\\"","z":null},"b":[{"c":2,"d":1},3,1]}',
    );
  });

  it('gives one text for one value, whatever the order of its keys', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonicalJson(reversed(value))).toBe(canonicalJson(value));
      }),
    );
  });

  it('gives one text for one order, whatever the order of its keys', () => {
    fc.assert(
      fc.property(validOrder(), (order) => {
        expect(canonicalJson(reversed(order))).toBe(canonicalJson(order));
      }),
    );
  });

  it('is JSON of the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toStrictEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('tells values apart that differ in a key, a type or the order of a list', () => {
    const values = [
      { a: 1 },
      { a: '1' },
      { b: 1 },
      { a: [1] },
      { a: [1, 2] },
      { a: [2, 1] },
      {},
      [],
    ];
    expect(new Set([...values, null, { a: null }].map(canonicalJson)).size).toBe(10);
  });

  it('keeps the keys that objects have by themselves', () => {
    expect(canonicalJson(JSON.parse('{"b":1,"__proto__":{"d":1,"c":2}}'))).toBe(
      '{"__proto__":{"c":2,"d":1},"b":1}',
    );
  });

  it('gives the texts of earlier versions, whose fingerprints are stored', () => {
    const before = (value: unknown) =>
      JSON.stringify(value, (_key, part: unknown) =>
        typeof part === 'object' && part !== null && !Array.isArray(part)
          ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
          : part,
      );
    const keys = fc.oneof(
      fc.string(),
      fc.constantFrom('10', '9', '-1', '01', '__proto__', 'é', '\u{1f600}'),
    );
    fc.assert(
      fc.property(
        fc.dictionary(keys, fc.oneof(fc.jsonValue(), fc.dictionary(keys, fc.integer()))),
        (value) => {
          expect(canonicalJson(value)).toBe(before(value));
        },
      ),
    );
  });

  it('leaves out what JSON cannot express', () => {
    expect(canonicalJson({ a: undefined, b: -0 })).toBe('{"b":0}');
  });

  it('refuses what is nested too deeply before the stack overflows', () => {
    expect(canonicalJson(nested(256))).toHaveLength(JSON.stringify(nested(256)).length);
    expect(() => canonicalJson(nested(257))).toThrow(RangeError);
    expect(() => canonicalJson(nested(1_000_000))).toThrow('nested deeper than 256 levels');
  });
});

describe('jsonDepthExceeds', () => {
  it.each([
    ['a scalar', 'x', 0],
    ['null', null, 0],
    ['an empty object', {}, 1],
    ['an empty list', [], 1],
    ['a wide list', [1, [], {}, 'x'], 2],
    ['one deep branch', { a: 1, b: { c: [[]] } }, 4],
    ['a hundred levels', nested(100), 100],
  ])('counts the levels of %s', (_name, value, depth) => {
    expect(jsonDepthExceeds(value, depth)).toBe(false);
    if (depth > 0) expect(jsonDepthExceeds(value, depth - 1)).toBe(true);
  });

  it('ends on a cycle', () => {
    const cycle: { self?: object } = {};
    cycle.self = cycle;
    expect(jsonDepthExceeds(cycle, 64)).toBe(true);
  });

  it('ends on a value that refers to its parts many times over', () => {
    let shared: unknown = {};
    for (let level = 0; level < 60; level += 1) shared = [shared, shared];
    expect(jsonDepthExceeds(shared, 64)).toBe(false);
  });
});

describe('hasFiniteNumbersOnly', () => {
  it.each([
    ['nothing', {}, true],
    ['numbers at every level', { a: [1, { b: -1.5e308 }], c: 5e-324 }, true],
    ['texts and the rest', { a: 'Infinity', b: null, c: true, d: undefined }, true],
    ['what JSON.parse makes of 1e400', JSON.parse('{"a":1e400}'), false],
    ['one deep inside', { a: [[{ b: [0, -Infinity] }]] }, false],
    ['no number', [Number.NaN], false],
  ])('judges %s', (_name, value, finite) => {
    expect(hasFiniteNumbersOnly(value)).toBe(finite);
  });
});
