import { describe, expect, it } from 'vitest';
import { parsePlaceOrder } from '../../../src/contract/place-order.ts';
import { examplePlaceOrder, exampleText } from '../../support/example.ts';
import { fullRequest, withValue } from './contract-table.ts';

const CUSTOM = ['order', 'prescriptionItems', 0, 'customFields'];

function nested(levels: number): unknown {
  return JSON.parse(`${'{"a":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`);
}

describe('a body that is no JSON object', () => {
  it.each([null, undefined, [], [fullRequest()], 'x', '', 0, true])('refuses %j', (body) => {
    expect(parsePlaceOrder(body)).toStrictEqual({
      ok: false,
      errors: [{ path: 'body', field: 'body', message: 'body must be a JSON object' }],
    });
  });
});

describe('keys of the object prototype', () => {
  it('does not take fields out of __proto__', () => {
    const body: unknown = JSON.parse(`{"__proto__":${exampleText()}}`);
    expect(parsePlaceOrder(body)).toMatchObject({
      errors: [{ message: 'action is required' }, { message: 'order is required' }],
    });
  });

  it('drops __proto__ beside known fields and leaves all other objects alone', () => {
    const text = exampleText().replace('{', '{"__proto__":{"polluted":true},');
    expect(parsePlaceOrder(JSON.parse(text))).toStrictEqual({
      ok: true,
      value: examplePlaceOrder(),
    });
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it('does not take fields from a prototype', () => {
    const body: unknown = Object.create(examplePlaceOrder());
    expect(parsePlaceOrder(body)).toMatchObject({ ok: false });
  });

  it('accepts objects without a prototype', () => {
    const body: unknown = Object.assign(Object.create(null), examplePlaceOrder());
    expect(parsePlaceOrder(body).ok).toBe(true);
  });
});

describe('depth', () => {
  it('passes on customFields of 64 levels', () => {
    expect(parsePlaceOrder(withValue(fullRequest(), CUSTOM, nested(64))).ok).toBe(true);
  });

  it.each([65, 100_000])('refuses customFields of %i levels', (levels) => {
    const body = fullRequest();
    body.order.prescriptionItems[0]!.customFields = nested(levels) as Record<string, unknown>;
    expect(parsePlaceOrder(body)).toMatchObject({
      errors: [
        {
          path: 'order.prescriptionItems[0].customFields',
          message: 'customFields must not be nested deeper than 64 levels',
        },
      ],
    });
  });

  it('ignores the depth of what is dropped', () => {
    expect(parsePlaceOrder({ ...fullRequest(), unknown: nested(100_000) }).ok).toBe(true);
  });
});

describe('long lists', () => {
  const item = { drugId: 'drug-456', quantity: '30' };

  function withItems(items: unknown[]) {
    return parsePlaceOrder(withValue(fullRequest(), CUSTOM.slice(0, 2), items));
  }

  it('accepts 500 items', () => {
    expect(withItems(Array.from({ length: 500 }, () => item)).ok).toBe(true);
  });

  it('finds one faulty item behind hundreds of good ones', () => {
    const items = [...Array.from({ length: 499 }, () => item), { drugId: 'drug-456' }];
    expect(withItems(items)).toStrictEqual({
      ok: false,
      errors: [
        {
          path: 'order.prescriptionItems[499].quantity',
          field: 'quantity',
          message: 'quantity is required',
        },
      ],
    });
  });

  it.each([501, 100_000])('refuses %d items, however faulty, with few words', (length) => {
    const good = withItems(Array.from({ length }, () => item));
    const faulty = withItems(Array.from({ length }, () => ({})));

    expect(good).toMatchObject({
      errors: [{ message: 'prescriptionItems must contain at most 500 items' }],
    });
    if (faulty.ok) throw new Error('accepted');
    expect(faulty.errors.length).toBeLessThanOrEqual(2 * 501 + 1);
  });
});

describe('the lengths of texts', () => {
  const prescriber = ['order', 'prescriber', 'firstName'];

  it.each([
    ['1,000 letters', prescriber, 'x'.repeat(1_000), 'x'.repeat(1_001)],
    ['1,000 letters beyond the BMP', prescriber, '𐐷'.repeat(1_000), '𐐷'.repeat(1_001)],
    ['20,000 letters of prose', ['order', 'diagnosis'], 'x'.repeat(20_000), 'x'.repeat(20_001)],
  ])('are %s at the most', (_what, path, longest, tooLong) => {
    expect(parsePlaceOrder(withValue(fullRequest(), path, longest)).ok).toBe(true);
    expect(parsePlaceOrder(withValue(fullRequest(), path, tooLong))).toMatchObject({
      errors: [
        {
          path: path.join('.'),
          message: expect.stringMatching(/ must be at most \d+ characters$/),
        },
      ],
    });
  });
});

describe('long texts', () => {
  const million = 1_000_000;
  it.each([
    ['phoneNumber', `1${' '.repeat(million)}x`],
    ['phoneNumber', '1 '.repeat(million / 2)],
    ['email', 'a@'.repeat(million / 2)],
    ['email', `a@${'b.'.repeat(million / 2)}`],
    ['email', `${'a.'.repeat(30)}a@${'b-'.repeat(million / 2)}`],
  ])('refuses a %s of a megabyte before the test runs out of time', (field, value) => {
    expect(
      parsePlaceOrder(withValue(fullRequest(), ['order', 'prescriber', field], value)),
    ).toMatchObject({ errors: [{ field }] });
  });
});
