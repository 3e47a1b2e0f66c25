import fc from 'fast-check';
import { expect, it } from 'vitest';
import { waitAfter } from '../../../src/lib/delivery-schedule.ts';
import { parseConfig } from '../../../src/process/config.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const required = {
  DATABASE_URL: 'postgres://x',
  HASH_SECRET: 'sixteen characters or more',
  DOCUMENTS_DIR: 'x',
  ENCRYPTION_KEYS: `1:${'A'.repeat(43)}=`,
};
const schedule = parseConfig(required).webhooks.retryScheduleMs;

it('makes ten attempts within three days by default', () => {
  const waits = Array.from({ length: 10 }, (_, index) =>
    waitAfter(index + 1, schedule, { random: 0.5 }),
  );

  const hours = [2, 5, 10, 14, 20, 24].map((count) => count * HOUR);
  expect(waits).toEqual([5 * SECOND, 5 * MINUTE, 30 * MINUTE, ...hours, undefined]);
});

it('varies each wait by at most a tenth either way', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (failed, random) => {
        const ratio = (waitAfter(failed, schedule, { random }) ?? 0) / (schedule[failed - 1] ?? 1);
        expect(ratio).toBeGreaterThanOrEqual(0.9);
        expect(ratio).toBeLessThanOrEqual(1.1);
      },
    ),
  );
});

it('waits longer when Retry-After says so, never shorter, and adds no attempt', () => {
  expect(waitAfter(1, schedule, { atLeastMs: HOUR, random: 0.5 })).toBe(HOUR);
  expect(waitAfter(9, schedule, { atLeastMs: HOUR, random: 0.5 })).toBe(24 * HOUR);
  expect(waitAfter(10, schedule, { atLeastMs: HOUR })).toBeUndefined();
});

it('refuses a malformed WEBHOOK_RETRY_SCHEDULE_MS', () => {
  for (const WEBHOOK_RETRY_SCHEDULE_MS of ['5s', '1,', ',1', '1, 2', '-1', '1.5']) {
    expect(() => parseConfig({ ...required, WEBHOOK_RETRY_SCHEDULE_MS })).toThrow(
      /WEBHOOK_RETRY_SCHEDULE_MS: /,
    );
  }
});
