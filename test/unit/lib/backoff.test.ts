import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs } from '../../../src/lib/backoff.ts';

const limits = { initialMs: 1_000, maxMs: 60_000 };
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const anyLimits = fc.record({
  initialMs: fc.integer({ min: 1, max: 1_000_000 }),
  maxMs: fc.integer({ min: 1, max: 1_000_000_000 }),
});

describe('backoffMs', () => {
  it('doubles from the initial wait up to the cap', () => {
    const longest = [1, 2, 3, 6, 7, 8].map((attempt) => backoffMs(attempt, limits, 1));
    expect(longest).toEqual([1_000, 2_000, 4_000, 32_000, 60_000, 60_000]);
  });

  it('randomizes only the upper half', () => {
    expect(backoffMs(3, limits, 0)).toBe(2_000);
    expect(backoffMs(3, limits, 0.5)).toBe(3_000);
  });

  it('spreads attempts that failed at the same time', () => {
    const waits = new Set(Array.from({ length: 50 }, () => backoffMs(5, limits)));
    expect(waits.size).toBeGreaterThan(10);
  });

  it('is a positive integer between half of the capped wait and all of it', () => {
    fc.assert(
      fc.property(fc.nat({ max: 1_000_000 }), anyLimits, random, (attempt, some, part) => {
        const wait = backoffMs(attempt, some, part);
        const start = Math.min(some.initialMs, some.maxMs);
        expect(Number.isInteger(wait)).toBe(true);
        expect(wait).toBeGreaterThanOrEqual(Math.max(1, Math.floor(start / 2)));
        expect(wait).toBeLessThanOrEqual(some.maxMs);
      }),
    );
  });

  it('never gets shorter with more attempts', () => {
    fc.assert(
      fc.property(fc.nat({ max: 2_000 }), anyLimits, random, (attempt, some, part) => {
        const next = backoffMs(attempt + 1, some, part);
        expect(next).toBeGreaterThanOrEqual(backoffMs(attempt, some, part));
      }),
    );
  });
});
