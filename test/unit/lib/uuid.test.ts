import { expect, it } from 'vitest';
import { lowestUuidOf, timeOfUuid } from '../../../src/lib/uuid.ts';

it('reads the time of an id of version 7, and makes the lowest id of a time', () => {
  const made = new Date('2026-11-25T02:07:48.000Z');
  const lowest = lowestUuidOf(made);
  expect(timeOfUuid(lowest)).toEqual(made);
  // RFC 9562, appendix A.6.
  expect(timeOfUuid('017f22e2-79b0-7cc3-98c4-dc0c0c07398f')?.toISOString()).toBe(
    '2022-02-22T19:22:22.000Z',
  );
  expect(lowest < '01a21075-8972-7080-a028-4f35244ce731').toBe(true);
  expect(lowestUuidOf(new Date(made.getTime() + 1)) > lowest).toBe(true);
});

it('finds no time in other ids', () => {
  for (const id of ['', 'order-1', '0198a000-0000-4000-8000-000000000001']) {
    expect(timeOfUuid(id)).toBeUndefined();
  }
});
