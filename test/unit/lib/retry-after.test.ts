import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRetryAfter } from '../../../src/lib/retry-after.ts';

const HOUR_MS = 60 * 60_000;
const NOW = Date.parse('2025-06-01T12:00:00Z');

describe('parseRetryAfter', () => {
  it('reads seconds, up to an hour', () => {
    fc.assert(
      fc.property(fc.nat(), (seconds) => {
        const wait = Math.min(seconds * 1_000, HOUR_MS);
        expect(parseRetryAfter(String(seconds), NOW)).toBe(wait);
        expect(parseRetryAfter(`  ${seconds} `, NOW)).toBe(wait);
      }),
    );
  });

  it('reads a date, up to an hour from now', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1_000_000, max: 1_000_000 }), (seconds) => {
        const date = new Date(NOW + seconds * 1_000).toUTCString();
        const wait = Math.min(Math.max(seconds, 0) * 1_000, HOUR_MS);
        expect(parseRetryAfter(date, NOW)).toBe(wait);
      }),
    );
  });

  it('reads the obsolete date format of RFC 850', () => {
    expect(parseRetryAfter('Sunday, 01-Jun-25 12:00:30 GMT', NOW)).toBe(30_000);
  });

  it('caps a huge number', () => {
    expect(parseRetryAfter('9'.repeat(400), NOW)).toBe(HOUR_MS);
  });

  it.each([
    null,
    '',
    ' ',
    'soon',
    '-5',
    '1.5',
    '1e3',
    '+5',
    '5, 6',
    '10 minutes',
    '٣',
    '2025'.repeat(2) + 'Z',
  ])('ignores %j', (header) => {
    expect(parseRetryAfter(header, NOW)).toBeUndefined();
  });

  it('returns a wait of at most an hour, or nothing', () => {
    const pieces = fc.constantFrom('GMT', ' GMT', 'Sun,', '-', '1', '99999', ':', 'Jun', '+', '.');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(pieces).map((p) => p.join(' ')),
        ),
        (header) => {
          const wait = parseRetryAfter(header, NOW) ?? 0;
          expect(wait).toBeGreaterThanOrEqual(0);
          expect(wait).toBeLessThanOrEqual(HOUR_MS);
        },
      ),
    );
  });
});
