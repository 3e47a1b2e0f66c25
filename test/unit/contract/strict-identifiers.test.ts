import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Prescriber } from '../../../src/contract/place-order.ts';
import { findIdentifierFaults } from '../../../src/contract/strict-identifiers.ts';
import { examplePlaceOrder } from '../../support/example.ts';

/** Numbers of the right form that nobody is known by. */
const VALID = { npi: '1234567893', dea: 'AB1234563', phoneNumber: '+1 (212) 555-0123' };

function faultsOf(change: Partial<Prescriber>) {
  const { order } = examplePlaceOrder();
  return findIdentifierFaults({
    ...order,
    prescriber: { ...order.prescriber, ...VALID, ...change },
  });
}

const messages = (change: Partial<Prescriber>) => faultsOf(change).map(({ message }) => message);

const digit = fc.integer({ min: 0, max: 9 });
const digits = (length: number) => fc.stringMatching(new RegExp(`^[0-9]{${length}}$`));
const replaceAt = (text: string, at: number, by: string) =>
  text.slice(0, at) + by + text.slice(at + by.length);

/** Nine digits and the one check digit of ten that makes a valid NPI. */
const npi = digits(9).map((first) => {
  const valid = Array.from('0123456789', (check) => first + check).filter(
    (each) => faultsOf({ npi: each }).length === 0,
  );
  return valid.join();
});

/** Six digits and the check digit as DEA reckons it. */
const deaDigits = digits(6).map((first) => {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = Array.from(first, Number);
  return `${first}${(a + c + e + 2 * (b + d + f)) % 10}`;
});

it('finds nothing wrong with numbers of the right form', () => {
  expect(faultsOf({})).toEqual([]);
});

it('names path, field and rule of each fault, in the order of the contract’s table', () => {
  const faults = faultsOf({ npi: '1234567890', dea: 'AB1234567', phoneNumber: '+1234567890' });
  expect(faults).toEqual([
    {
      path: 'order.prescriber.npi',
      field: 'npi',
      message: 'npi must be a valid NPI (its check digit is wrong)',
    },
    {
      path: 'order.prescriber.dea',
      field: 'dea',
      message: 'dea must be a valid DEA number (its check digit is wrong)',
    },
    {
      path: 'order.prescriber.phoneNumber',
      field: 'phoneNumber',
      message:
        'phoneNumber must be a valid US phone number (area code, exchange and line, 10 digits)',
    },
  ]);
});

it('finds the published example’s placeholders wrong', () => {
  expect(findIdentifierFaults(examplePlaceOrder().order).map(({ field }) => field)).toContain(
    'npi',
  );
});

describe('an NPI', () => {
  it.each(['1234567893', '2000000002'])('passes as %s', (value) => {
    expect(messages({ npi: value })).toEqual([]);
  });

  it.each([
    '123456789',
    '12345678930',
    ' 1234567893',
    '123456789X',
    '１２３４５６７８９３',
    '808401234567893',
  ])('is refused for its form as %j', (value) => {
    expect(messages({ npi: value })).toEqual(['npi must be a valid NPI (10 digits)']);
  });

  it('has one check digit for any nine digits', () => {
    fc.assert(fc.property(npi, (valid) => /^[0-9]{10}$/.test(valid)));
  });

  it('is broken by a change of any one digit', () => {
    const at = fc.integer({ min: 0, max: 9 });
    fc.assert(
      fc.property(npi, at, digit, (valid, index, other) => {
        fc.pre(valid[index] !== String(other));
        return faultsOf({ npi: replaceAt(valid, index, String(other)) }).length === 1;
      }),
    );
  });

  it('is broken by two neighbours that change places, save 0 and 9, which Luhn can’t tell', () => {
    fc.assert(
      fc.property(npi, fc.integer({ min: 0, max: 8 }), (valid, index) => {
        const [left = '', right = ''] = valid.slice(index, index + 2);
        fc.pre(left !== right && !['09', '90'].includes(left + right));
        return faultsOf({ npi: replaceAt(valid, index, right + left) }).length === 1;
      }),
    );
  });
});

describe('a DEA number', () => {
  it.each(['AB1234563', 'F91234563', 'MC1234563', 'XB1234563', 'AB1234563-012'])(
    'passes as %s',
    (value) => {
      expect(messages({ dea: value })).toEqual([]);
    },
  );

  it.each(['', ' '])('counts as none when it is %j', (value) => {
    expect(messages({ dea: value })).toEqual([]);
  });

  it.each([
    'ab1234563',
    'A1234563',
    'A81234563',
    '9B1234563',
    'OB1234563',
    'AB123456',
    'AB1234563-',
    'AB12345633',
  ])('is refused for its form as %j', (value) => {
    expect(messages({ dea: value })).toEqual([
      'dea must be a valid DEA number (2 letters and 7 digits)',
    ]);
  });

  it('passes for any six digits with their check digit, and with no other', () => {
    fc.assert(
      fc.property(deaDigits, digit, (valid, other) => {
        const number = replaceAt(valid, 6, String(other));
        return (faultsOf({ dea: `BS${number}` }).length === 0) === (number === valid);
      }),
    );
  });
});

describe('a phone number', () => {
  it.each(['2125550123', '1 212 555 0123', '+1-212-555-0123', '(212) 555.0123 ext. 45'])(
    'passes as %s',
    (value) => {
      expect(messages({ phoneNumber: value })).toEqual([]);
    },
  );

  it.each([
    ['a country code that is not 1', '+44 20 7946 0958'],
    ['a plus without a country code', '+212 555 0123'],
    ['an area code that begins with 1', '112 555 0123'],
    ['an area code that begins with 0', '012 555 0123'],
    ['an exchange that begins with 1', '212 155 0123'],
    ['an area code that is a service code', '911 555 0123'],
    ['an exchange that is a service code', '212 411 0123'],
    ['seven digits', '555 0123'],
    ['eleven digits without the 1', '21255501234'],
  ])('is refused with %s', (_, value) => {
    expect(faultsOf({ phoneNumber: value })).toMatchObject([{ field: 'phoneNumber' }]);
  });

  it('passes with any area code and exchange of the plan', () => {
    const code = fc.stringMatching(/^[2-9][0-9]{2}$/).filter((each) => !each.endsWith('11'));
    fc.assert(
      fc.property(
        fc.constantFrom('', '1', '+1'),
        code,
        code,
        digits(4),
        (prefix, area, exchange, line) =>
          faultsOf({ phoneNumber: `${prefix}${area}${exchange}${line}` }).length === 0,
      ),
    );
  });
});
