import { expect, it } from 'vitest';
import { createStartWindow } from '../../../src/engine/start-window.ts';

/**
 * Starts orders for so many seconds, as many at a time as the window allows. Each takes `farMs` on its way, and
 * its turn on one of the cores, which work on one order for `workMs`.
 *
 * @returns the window's sizes, one for each start.
 */
function simulate(seconds: number, { cores = 2, workMs = 20, farMs = 5 } = {}): number[] {
  let time = 0;
  const window = createStartWindow(() => time);
  const sizes: number[] = [];
  const free = Array<number>(cores).fill(0);
  const inFlight: { readonly from: number; readonly until: number; readonly inHand: number }[] = [];
  while (time < seconds * 1_000) {
    while (inFlight.length < window.size()) {
      const core = free.indexOf(Math.min(...free));
      const begun = Math.max(time + farMs / 2, free[core] ?? 0);
      free[core] = begun + workMs;
      const until = begun + workMs + farMs / 2;
      inFlight.push({ from: time, until, inHand: inFlight.length + 1 });
    }
    inFlight.sort((a, b) => a.until - b.until);
    const next = inFlight.shift();
    if (next === undefined) break;
    time = next.until;
    window.taken(time - next.from, next.inHand);
    sizes.push(window.size());
  }
  return sizes;
}

it('stays small while the cores of the worker are the limit', () => {
  const sizes = simulate(300);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(8);
});

it('grows until a distant Temporal is no limit', () => {
  const sizes = simulate(120, { farMs: 600 });
  // Two cores finish 100 orders a second: 62 of them are on their way for 620 ms.
  expect(sizes.at(-1)).toBeGreaterThan(40);
});

it('grows with the number of cores', () => {
  const [two, eight] = [simulate(50, { cores: 2 }), simulate(50, { cores: 8 })];
  expect(eight.at(-1)).toBeGreaterThan((two.at(-1) ?? 0) + 3);
});

it('does not grow while it is not used', () => {
  const window = createStartWindow();
  for (let n = 0; n < 100; n += 1) window.taken(20, 1);
  expect(window.size()).toBe(4);
});

it('shrinks when no worker takes orders, and keeps room for one of another organization', () => {
  const window = createStartWindow();
  for (let n = 0; n < 10; n += 1) window.timedOut();
  expect(window.size()).toBe(2);
});
