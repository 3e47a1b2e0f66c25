import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findDateFault } from '../../../src/activities/validate-order.ts';

const fields = ['dateWritten', 'datePrescribed'] as const;
const day = fc
  .date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10));
const time = fc.constantFrom('', 'T00:00', 'T23:59:59Z', 'T12:00:00.5+09:00');

describe('findDateFault', () => {
  it('finds no fault without a signing date', () => {
    expect(findDateFault({})).toBeUndefined();
    expect(
      findDateFault({ dateWritten: '2025-02-01', datePrescribed: '2024-01-01' }),
    ).toBeUndefined();
  });

  it.each(fields)('names %s if it is after the day of the signature', (field) => {
    const fault = findDateFault({ dateSigned: '2025-01-31', [field]: '2025-02-01' });
    expect(fault).toBe(`${field} must not be after dateSigned.`);
  });

  it('compares days and ignores times', () => {
    fc.assert(
      fc.property(day, time, time, fc.constantFrom(...fields), (date, written, signed, field) => {
        const order = { [field]: date + written, dateSigned: date + signed };
        expect(findDateFault(order)).toBeUndefined();
      }),
    );
  });

  it('finds a fault exactly if one of the dates is a later day', () => {
    fc.assert(
      fc.property(day, day, day, (dateWritten, datePrescribed, dateSigned) => {
        const signed = Date.parse(dateSigned);
        const faulty = Date.parse(dateWritten) > signed || Date.parse(datePrescribed) > signed;
        const fault = findDateFault({ dateWritten, datePrescribed, dateSigned });
        expect(fault !== undefined).toBe(faulty);
      }),
    );
  });
});
