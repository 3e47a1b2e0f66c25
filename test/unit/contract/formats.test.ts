import { describe, expect, it } from 'vitest';
import { parsePlaceOrder } from '../../../src/contract/place-order.ts';
import { fullRequest, type Path, withValue } from './contract-table.ts';

const PRESCRIBER = ['order', 'prescriber'];

function isAccepted(path: Path, value: unknown): boolean {
  return parsePlaceOrder(withValue(fullRequest(), path, value)).ok;
}

describe('phoneNumber', () => {
  it.each([
    '+1234567890',
    '5551234',
    '(555) 123-4567',
    '555.123.4567',
    '+1 (555) 123-4567',
    '+442071838750',
    '123456789012345',
    '(555) 555-5555 ext. 5555',
    '555 123 4567 ext 5',
    '555-123-4567x123',
    '555.123.4567 X 123',
    '+1 555 123 4567, ext 12',
    '(555) 123-4567 (ext. 890)',
    '5551234567EXT12345',
    '5551234567 extension 7',
    '+15551234567;ext=42',
    '555 123 4567 #12',
    '555 123 4567 extn: 12',
  ])('accepts %s', (value) => {
    expect(isAccepted([...PRESCRIBER, 'phoneNumber'], value)).toBe(true);
  });

  it.each([
    '555/123/4567',
    '555 123 4567 ext',
    '555 123 4567 ext. 5 ext. 6',
    '555 123 4567 ext five',
    'x123',
    '12345 x67890',
    '555 123 4567 ext 12345678901',
    '+1234567890\n',
    '١٢٣٤٥٦٧٨٩٠',
    '(((((((',
    'tel:5551234',
  ])('refuses %s', (value) => {
    expect(isAccepted([...PRESCRIBER, 'phoneNumber'], value)).toBe(false);
  });
});

describe('email', () => {
  it.each([
    'john.smith@example.com',
    'john+orders@example.com',
    "o'brien_rx@mail.clinic.example.org",
    '1@example.photography',
    'j@example.xn--p1ai',
    `${'a'.repeat(64)}@example.com`,
    `a@${'b'.repeat(63)}.com`,
  ])('accepts %s', (value) => {
    expect(isAccepted([...PRESCRIBER, 'email'], value)).toBe(true);
  });

  it.each([
    'john@localhost',
    'john@example',
    'john@example.c',
    'john@example..com',
    'john..smith@example.com',
    '.john@example.com',
    'john.@example.com',
    'john@-example.com',
    'john@example-.com',
    'john@127.0.0.1',
    'john@exam ple.com',
    ' john@example.com',
    'john@example.com ',
    'john@example.com\n',
    'John Smith <john@example.com>',
    'john@example.com,jane@example.com',
    'mailto:john@example.com',
    `${'a'.repeat(65)}@example.com`,
    `a@${'b'.repeat(64)}.com`,
    `a@${'bcdefgh.'.repeat(32)}com`,
  ])('refuses %s', (value) => {
    expect(isAccepted([...PRESCRIBER, 'email'], value)).toBe(false);
  });
});

describe('npi', () => {
  it('is not checked against its check digit', () => {
    expect(isAccepted([...PRESCRIBER, 'npi'], '1234567890')).toBe(true);
    expect(isAccepted([...PRESCRIBER, 'npi'], 'pending')).toBe(true);
  });
});

describe('state', () => {
  const STATES =
    'AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM ' +
    'NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC PR VI GU AS MP AA AE AP';

  it('accepts the 50 states, DC, the territories and the military codes, and no other pair', () => {
    const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
    const pairs = letters.flatMap((a) => letters.map((b) => a + b));
    const path = ['order', 'shippingAddress', 'state'];
    expect(pairs.filter((pair) => isAccepted(path, pair))).toStrictEqual(STATES.split(' ').sort());
  });
});

describe('idempotencyKey', () => {
  it.each(['k', 'x'.repeat(255), '~ !"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}', ' '])(
    'accepts %j',
    (key) => {
      expect(isAccepted(['idempotencyKey'], key)).toBe(true);
    },
  );
});

describe('dates', () => {
  // Without a date of signature, with which it could conflict.
  const unsigned = withValue(fullRequest(), ['order', 'dateSigned'], undefined);
  const isAccepted = (value: string) =>
    parsePlaceOrder(withValue(unsigned, ['order', 'dateWritten'], value)).ok;

  it.each([
    '2024-01-15',
    '2024-02-29',
    '2000-02-29',
    '0004-02-29',
    '9999-12-31',
    '2024-01-15T10:30',
    '2024-01-15T10:30:00',
    '2024-01-15T23:59:59Z',
    '2024-01-15T00:00:00.000Z',
    '2024-01-15T10:30:00.123456789+05:30',
    '2024-01-15T10:30-08:00',
    '2024-01-15T10:30:00+14:00',
    '2024-01-15T10:00:00.000+0000',
    '2024-01-15T10:00-0800',
    '2024-01-15T10:00:00+0545',
  ])('accepts %s', (value) => {
    expect(isAccepted(value)).toBe(true);
  });

  it.each([
    '2023-02-29',
    '1900-02-29',
    '2100-02-29',
    '2024-02-30',
    '2024-04-31',
    '2024-00-10',
    '2024-01-00',
    '2024-01-32',
    '0000-01-01',
    '2024-1-5',
    '24-01-15',
    '20240115',
    '2024-01',
    '2024-W03-1',
    '01/15/2024',
    '2024-01-15T',
    '2024-01-15 10:30',
    '2024-01-15T24:00',
    '2024-01-15T10:60',
    '2024-01-15T10:30:60Z',
    '2024-01-15T10:30:00.Z',
    '2024-01-15T10:30:00+24:00',
    '2024-01-15T10:30:00+05:60',
    '2024-01-15T10:30:00+0560',
    '2024-01-15T10:30:00+05',
    '2024-01-15T10:30:00+2400',
    '2024-01-15+0000',
    '2024-01-15Z',
    '2024-01-15\n',
    ' 2024-01-15',
    '+002024-01-15',
    '٢٠٢٤-٠١-١٥',
  ])('refuses %s', (value) => {
    expect(isAccepted(value)).toBe(false);
  });

  it.each([
    '2024-01-15T10:30:00+05',
    '2024-01-15T10:30 UTC',
    '2024-01-15T10:30:00z',
    '2024-01-15T10:30+5:00',
  ])('says how a zone is written in place of that of %s', (value) => {
    expect(parsePlaceOrder(withValue(unsigned, ['order', 'dateWritten'], value))).toMatchObject({
      errors: [
        {
          message:
            'dateWritten must be an ISO 8601 date that exists in the calendar, its zone as Z, ±hh:mm or ±hhmm',
        },
      ],
    });
  });
});
