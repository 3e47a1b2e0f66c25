import { expect, it, vi } from 'vitest';
import { takeTurns } from '../../../bench/support/turns.ts';

it('leaves the first round out, and takes ratios round by round', async () => {
  vi.spyOn(console, 'log').mockImplementation(() => undefined);
  const figuresOf =
    (...values: number[]) =>
    async () => ({ ms: values.shift() ?? 0 });
  const turns = { a: figuresOf(900, 2, 4), b: figuresOf(900, 1, 8) };

  const { figures, ratios } = await takeTurns(2, turns, [['a', 'b']]);

  vi.restoreAllMocks();
  expect(figures).toEqual({
    a: { ms: { median: 3, least: 2, most: 4 } },
    b: { ms: { median: 4.5, least: 1, most: 8 } },
  });
  expect(ratios).toEqual({ 'a/b': { ms: { median: 1.25, least: 0.5, most: 2 } } });
});
