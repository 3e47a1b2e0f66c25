import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CUSTOM_FIELDS,
  expectRefusal,
  ITEM,
  storedText,
  withField,
  withValue,
} from '../support/order-text.ts';
import {
  exampleWithKey,
  exampleWithoutKey,
  startTestApi,
  type TestApi,
} from '../support/test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

describe('the last of two equal keys counts:', () => {
  it.each([
    ['at the top', '', '"order":{"diagnosis":"first"}'],
    ['the action', '', '"action":"CANCEL_ORDER"'],
    ['in the order', 'order', '"diagnosis":"first"'],
    ['in an object of the order', 'order.prescriber', '"npi":"first"'],
    ['in an item', ITEM, '"quantity":"3000"'],
    ['with an escape', ITEM, String.raw`"quantit\u0079":"3000"`],
  ])('%s', async (_what, path, field) => {
    const answer = await api.place(withField(path, field));

    expect(JSON.parse(await storedText(api, answer))).toEqual(exampleWithoutKey().order);
  });

  it('the idempotency key, and its reuse', async () => {
    const text = JSON.stringify(exampleWithKey('second')).replace(
      '{',
      '{"idempotencyKey":"first",',
    );
    const first = await api.place(text);
    const again = await api.place(exampleWithKey('second'));
    const other = await api.place(exampleWithKey('first'));

    expect([first.status, again.status, other.status]).toEqual([200, 409, 200]);
    expect(again.headers.get('idempotency-match')).toBe('same');
  });

  it('and an invalid last value is refused although the first was valid', async () => {
    const text = withField('order', '"diagnosis":"good"').replace(
      '"diagnosis":"Hypertension"',
      '"diagnosis":null',
    );

    await expectRefusal(api, text, 'order.diagnosis', 'diagnosis is required');
  });
});

it.each([
  ['{"a":1,"a":1}', '"a"'],
  ['{"b":{"c":1,"c":"Jane Sample"}}', '"c"'],
  [String.raw`{"list":[{"\u0061":1,"a":2}]}`, '"a"'],
  ['{"":1,"":2}', '""'],
  [String.raw`{"\"\n":1,"\"\n":2}`, String.raw`"\"\n"`],
  [`{"${'k'.repeat(500)}":1,"${'k'.repeat(500)}":2}`, `"${'k'.repeat(100)}…"`],
])(
  'two equal keys in customFields are refused by name, because one would be lost: %s',
  async (custom, key) => {
    await expectRefusal(
      api,
      withValue(CUSTOM_FIELDS, custom),
      'order.prescriptionItems[0].customFields',
      `customFields must not contain the key ${key} twice`,
    );
  },
);

describe('a key that every JavaScript object inherits', () => {
  const KEYS = ['__proto__', 'constructor', 'prototype', 'toString', 'toJSON', 'hasOwnProperty'];

  it.each(KEYS)('%s is an unknown field at the top and in the order', async (key) => {
    for (const path of ['', 'order', 'order.prescriber', ITEM]) {
      const answer = await api.place(withField(path, `"${key}":{"polluted":true}`));

      expect(JSON.parse(await storedText(api, answer))).toEqual(exampleWithoutKey().order);
    }
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  it.each(KEYS)(
    '%s is stored in customFields, and its value counts for idempotency',
    async (key) => {
      const sent = (value: number) =>
        withValue(CUSTOM_FIELDS, `{"${key}":{"polluted":${value}}}`, exampleWithKey(`own ${key}`));
      const first = await api.place(sent(1));
      const same = await api.place(sent(1));
      const other = await api.place(sent(2));

      expect(await storedText(api, first)).toContain(`"customFields":{"${key}":{"polluted":1}}`);
      expect(same.headers.get('idempotency-match')).toBe('same');
      expect(other.headers.get('idempotency-match')).toBe('different');
      expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
    },
  );

  it.each(KEYS)('%s is not a valid state or action', async (key) => {
    const action = 'action must be one of PLACE_ORDER, VALIDATE_ORDER, CANCEL_ORDER';
    const state = 'state must be a valid US state abbreviation';

    await expectRefusal(api, withValue('action', `"${key}"`), 'action', action);
    await expectRefusal(
      api,
      withValue('order.shippingAddress.state', `"${key}"`),
      'order.shippingAddress.state',
      state,
    );
  });
});
