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

  it('accepts as many items as come', () => {
    const items = Array.from({ length: 5_000 }, () => item);
    expect(parsePlaceOrder(withValue(fullRequest(), CUSTOM.slice(0, 2), items)).ok).toBe(true);
  });

  it('finds one faulty item behind thousands of good ones', () => {
    const items = [...Array.from({ length: 5_000 }, () => item), { drugId: 'drug-456' }];
    expect(parsePlaceOrder(withValue(fullRequest(), CUSTOM.slice(0, 2), items))).toStrictEqual({
      ok: false,
      errors: [
        {
          path: 'order.prescriptionItems[5000].quantity',
          field: 'quantity',
          message: 'quantity is required',
        },
      ],
    });
  });

  it('tells all problems of a thousand faulty items and stops there', () => {
    const items = Array.from({ length: 100_000 }, () => ({}));
    const parsed = parsePlaceOrder(withValue(fullRequest(), CUSTOM.slice(0, 2), items));
    if (parsed.ok) throw new Error('accepted');
    expect(parsed.errors).toHaveLength(2_000);
    expect(parsed.errors.at(-1)?.path).toBe('order.prescriptionItems[999].quantity');
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
