import { expect, it, vi } from 'vitest';
import { compareWithLedger } from '../../deployment/ledger.ts';

const ledgerOf = (...references: string[]) => ({
  orders: references.map((reference) => ({ reference })),
});

it.each([
  ['finds nothing wrong', ['a', 'b'], [], ledgerOf('b', 'a'), 0, 0],
  ['counts an order that did not end', ['a', 'b'], ['b'], ledgerOf('a', 'b'), 1, 0],
  ['counts an order that no pharmacy has', ['a', 'b'], [], ledgerOf('a'), 1, 0],
  ['counts an order that a pharmacy has twice', ['a'], [], ledgerOf('a', 'a'), 0, 1],
  ['counts an order whose request was never answered', ['a'], [], ledgerOf('a', 'b'), 0, 1],
] as const)('%s', (_title, acknowledged, open, ledger, lost, duplicated) => {
  vi.spyOn(console, 'error').mockReturnValue();
  expect(compareWithLedger(acknowledged, new Set(open), ledger)).toEqual({ lost, duplicated });
});
