import { beforeEach, expect, it } from 'vitest';
import {
  type Allotments,
  createAllotments,
  RateLimitedError,
} from '../../../src/organizations/rate-limit.ts';

const KEY = 'key';
const PER_SECOND = 10;

let time: number;
let allotments: Allotments;
beforeEach(() => {
  time = 0;
  allotments = createAllotments({ burstSeconds: 2, now: () => time });
});

/** Leases tokens, and takes one of them. */
function lease(granted: number, tokens: number): void {
  allotments.add(KEY, { granted, tokens, perSecond: PER_SECOND });
}

/** The milliseconds of a refusal; 0 when the call succeeds. */
function waitOf(call: () => void): number {
  try {
    call();
    return 0;
  } catch (error) {
    if (error instanceof RateLimitedError) return error.retryAfterMs;
    throw error;
  }
}

it('an expensive request is served from the whole bucket, and its key owes the tokens', () => {
  lease(1, 19);
  allotments.refuseOwing(KEY);
  allotments.charge(KEY, 15);

  expect(allotments.state(KEY)).toEqual({ burst: 20, remaining: 4, perSecond: PER_SECOND });
  expect(allotments.take(KEY)).toBe(15);
});

it('expensive requests that arrive together are not served beyond the bucket', () => {
  lease(1, 19);
  const waits = [0, 1, 2].map(() =>
    waitOf(() => {
      allotments.refuseOwing(KEY);
      allotments.charge(KEY, 15);
    }),
  );
  // The second one finds 4 tokens; the key then owes one burst of 20 and has 19.
  expect(waits).toEqual([0, 0, 100]);
});

it('a key pays what it owes before its next request', () => {
  lease(1, 0);
  allotments.charge(KEY, 5);

  expect(allotments.take(KEY)).toBe(5);
  expect(waitOf(() => lease(2, 0))).toBe(400);
  expect(waitOf(() => allotments.take(KEY))).toBe(400);
  time += 400;
  expect(allotments.take(KEY)).toBe(3);
  lease(4, 0);
  expect(allotments.state(KEY)?.remaining).toBe(0);
});

it('a key never owes more than a burst, so it is served again', () => {
  lease(1, 0);
  for (let n = 0; n < 10; n += 1) allotments.charge(KEY, 1_000);

  expect(allotments.take(KEY)).toBe(20);
});

it('the bucket that refills meanwhile counts', () => {
  lease(1, 0);
  allotments.charge(KEY, 10);
  expect(waitOf(() => allotments.refuseOwing(KEY))).toBe(1_000);
  time += 1_000;
  expect(waitOf(() => allotments.refuseOwing(KEY))).toBe(0);
});
