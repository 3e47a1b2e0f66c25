import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePlaceOrder, parseValidateOrder } from '../../../src/contract/place-order.ts';
import { findDateFaults } from '../../../src/contract/prescription-dates.ts';
import { fullRequest } from './contract-table.ts';

const fields = ['dateWritten', 'datePrescribed'] as const;
const DAY_MS = 86_400_000;

const instant = fc.date({
  min: new Date('0003-01-01T00:00:00Z'),
  max: new Date('9997-12-31T23:59:59Z'),
  noInvalidDate: true,
});
const zone = fc.integer({ min: -23 * 60 - 59, max: 23 * 60 + 59 });
const days = fc.integer({ min: -400, max: 400 });

/** The instant as a clock in the zone shows it. */
function inZone(at: Date, minutes: number, separator: ':' | ''): string {
  const local = new Date(at.getTime() + minutes * 60_000).toISOString().slice(0, 23);
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  const two = (value: number) => String(value).padStart(2, '0');
  return `${local}${minutes < 0 ? '-' : '+'}${two(hours)}${separator}${two(rest)}`;
}

const dayOf = (at: Date) => at.toISOString().slice(0, 10);
const faultyFields = (order: object) => findDateFaults(order).map(({ field }) => field);

describe('findDateFaults', () => {
  it.each([
    ['no date of signature', { dateWritten: '2025-02-01', datePrescribed: '2024-01-01' }],
    ['no dates', {}],
    ['the same day', { dateWritten: '2024-01-15', dateSigned: '2024-01-15' }],
    [
      'written in UTC on the day after it was signed in New York, four minutes earlier',
      { dateWritten: '2024-01-16T01:00:00Z', dateSigned: '2024-01-15T20:05:00-05:00' },
    ],
    [
      'the same instant in two zones',
      {
        dateWritten: '2024-01-16T00:30:00Z',
        dateSigned: '2024-01-15T16:30:00-08:00',
        datePrescribed: '2024-01-16T00:30:00Z',
      },
    ],
    [
      'a day of difference where a zone is unknown',
      {
        dateWritten: '2024-01-16T23:59:59Z',
        dateSigned: '2024-01-15',
        datePrescribed: '2024-01-16',
      },
    ],
    [
      'the same instant, with zeros at the end of the fraction',
      { dateWritten: '2024-01-15T10:00:00.500Z', dateSigned: '2024-01-15T11:00:00.5+0100' },
    ],
    [
      'a date that breaks a rule of its own',
      { dateWritten: '2024-02-30', dateSigned: '2024-01-01', datePrescribed: 7 },
    ],
  ])('finds none with %s', (_what, order) => {
    expect(findDateFaults(order)).toEqual([]);
  });

  it.each([
    ['a second later', '2024-01-15T10:00:01Z', '2024-01-15T10:00:00Z'],
    ['a microsecond later', '2024-01-15T10:00:00.000001Z', '2024-01-15T10:00:00Z'],
    ['later in UTC, though earlier by its clock', '2024-01-15T10:00-08:00', '2024-01-15T17:00Z'],
    ['two days later', '2024-01-17', '2024-01-15'],
    ['two days later, without a zone', '2024-01-17T00:00', '2024-01-15T23:59:59Z'],
    ['two days later across a year', '2025-01-01', '2024-12-30T10:00'],
  ])('finds a date that is %s', (_what, date, dateSigned) => {
    for (const field of fields) {
      const message = `${field} must not be after dateSigned`;
      expect(findDateFaults({ [field]: date, dateSigned })).toEqual([
        { path: `order.${field}`, field, message },
      ]);
    }
  });

  it('compares instants, whatever the zones', () => {
    fc.assert(
      fc.property(instant, instant, zone, zone, (written, signed, there, here) => {
        const dates = {
          dateWritten: inZone(written, there, ':'),
          dateSigned: inZone(signed, here, ''),
        };
        expect(faultyFields(dates)).toEqual(written > signed ? ['dateWritten'] : []);
        const same = { dateWritten: inZone(signed, there, ''), dateSigned: dates.dateSigned };
        expect(faultyFields(same)).toEqual([]);
      }),
    );
  });

  it('tolerates one day where a zone is missing', () => {
    const clock = fc.constantFrom('', 'T00:00', 'T23:59:59');
    fc.assert(
      fc.property(instant, days, clock, clock, (signed, later, first, second) => {
        const order = {
          datePrescribed: dayOf(new Date(signed.getTime() + later * DAY_MS)) + first,
          dateSigned: dayOf(signed) + second,
        };
        expect(faultyFields(order)).toEqual(later > 1 ? ['datePrescribed'] : []);
      }),
    );
  });
});

describe('a request with dates that contradict each other', () => {
  it.each([
    ['PLACE_ORDER', parsePlaceOrder],
    ['VALIDATE_ORDER', parseValidateOrder],
  ] as const)('%s is refused, with every problem in the order of the table', (action, parse) => {
    const { order } = fullRequest();
    const dates = {
      dateWritten: '2024-03-01',
      dateSigned: '2024-01-15',
      datePrescribed: '2024-03-02',
    };
    const body = { action, order: { ...order, ...dates, diagnosis: '', prescriptionItems: [] } };
    const parsed = parse(body);
    expect(parsed.ok ? [] : parsed.errors.map(({ path, message }) => [path, message])).toEqual([
      ['order.diagnosis', 'diagnosis is required'],
      ['order.dateWritten', 'dateWritten must not be after dateSigned'],
      ['order.datePrescribed', 'datePrescribed must not be after dateSigned'],
      ['order.prescriptionItems', 'prescriptionItems must contain at least one item'],
    ]);
  });
});
