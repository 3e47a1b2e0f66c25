import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readTextArray, writeTextArray } from '../../../src/storage/database.ts';

it('round-trips any texts', () => {
  const texts = fc.array(
    fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('"', '\\', ',', '{}', '')),
  );
  fc.assert(
    fc.property(texts, (given) => {
      expect(readTextArray(writeTextArray(given))).toEqual(given);
    }),
  );
});

it('reads texts that Postgres writes without quotes', () => {
  expect(readTextArray('{}')).toEqual([]);
  expect(readTextArray('{orders:read,orders:write,"a b"}')).toEqual([
    'orders:read',
    'orders:write',
    'a b',
  ]);
});
