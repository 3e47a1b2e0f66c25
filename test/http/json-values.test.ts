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

describe('an escape that no stored text can contain', () => {
  const NUL = String.raw`\u0000`;
  it.each([
    ['NUL', NUL, 'must not contain the NUL character'],
    ['the first half of a pair', String.raw`\ud800`, 'must be well-formed Unicode text'],
    ['the second half of a pair', String.raw`\udc00`, 'must be well-formed Unicode text'],
    ['a pair in the wrong order', String.raw`\udc00\ud800`, 'must be well-formed Unicode text'],
  ])('is refused in every field of the contract: %s', async (_what, escape, rule) => {
    for (const path of [
      'idempotencyKey',
      'order.prescriber.firstName',
      'order.prescriber.npi',
      'order.shippingAddress.addressLine1',
      'order.patientHealthInfo.allergies',
      'order.pharmacyId',
      `${ITEM}.drugId`,
      `${ITEM}.direction`,
    ]) {
      const field = path.split('.').at(-1)!;
      const shown = path.replace('.0.', '[0].');
      await expectRefusal(api, withValue(path, `"a${escape}b"`), shown, `${field} ${rule}`);
    }
  });

  it.each([NUL, String.raw`\ud800`, String.raw`\udc00\ud800`])(
    'is stored in customFields, in names and in values: %s',
    async (escape) => {
      const custom = `{"a${escape}":["${escape}b"]}`;
      const sent = (text: string) =>
        withValue(CUSTOM_FIELDS, text, exampleWithKey(`escape ${escape}`));
      const first = await api.place(sent(custom));
      const same = await api.place(sent(custom));
      const other = await api.place(sent('{"a\\ufffd":["\\ufffdb"]}'));

      expect(await storedText(api, first)).toContain(`"customFields":${custom}`);
      expect(same.headers.get('idempotency-match')).toBe('same');
      expect(other.headers.get('idempotency-match')).toBe('different');
    },
  );

  it('is accepted when both halves of a pair are present', async () => {
    const escape = String.raw`\ud83d\udc8a`;
    const answer = await api.place(withValue('order.diagnosis', `"${escape}"`));

    expect(JSON.parse(await storedText(api, answer)).diagnosis).toBe('💊');
  });
});

describe('a number', () => {
  it.each([
    ['0', 0],
    ['-0', 0],
    ['0e999', 0],
    ['1.0', 1],
    ['10e-1', 1],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
  ])('%s is stored as the integer %d', async (written, stored) => {
    const answer = await api.place(withValue(`${ITEM}.refillCount`, written));

    expect(await storedText(api, answer)).toContain(`"refillCount":${stored},`);
  });

  it.each(['1e400', '-1e400', '1e308', '9007199254740992', '9007199254740993', '1.5', '-1'])(
    '%s is not a valid count',
    async (written) => {
      const rule = 'must be an integer of 0 or more';
      await expectRefusal(
        api,
        withValue(`${ITEM}.refillCount`, written),
        'order.prescriptionItems[0].refillCount',
        `refillCount ${rule}`,
      );
    },
  );

  it.each([
    ['-0', '0'],
    ['1.0', '1'],
    ['0.1', '0.1'],
    ['1e308', '1e+308'],
    ['5e-324', '5e-324'],
    ['9007199254740991', '9007199254740991'],
    ['100000000000000000000', '100000000000000000000'],
  ])('%s in customFields is stored as the double %s', async (written, stored) => {
    const answer = await api.place(withValue(CUSTOM_FIELDS, `{"n":[${written}]}`));

    expect(await storedText(api, answer)).toContain(`"customFields":{"n":[${stored}]}`);
  });

  it.each(['{"n":1e400}', '{"a":[{"n":-1e309}]}'])(
    'outside the range of a double is refused in customFields, where it would become null: %s',
    async (custom) => {
      await expectRefusal(
        api,
        withValue(CUSTOM_FIELDS, custom),
        'order.prescriptionItems[0].customFields',
        'customFields must contain only finite numbers',
      );
    },
  );

  it.each([
    '{"lot":12345678901234567890}',
    '{"n":9007199254740993}',
    '{"n":0.1234567890123456789012}',
    '{"n":1e-400}',
    '{"a":[{"b":{"n":[1,-12345678901234567890]}}]}',
  ])('that a double would round is refused in customFields: %s', async (custom) => {
    await expectRefusal(
      api,
      withValue(CUSTOM_FIELDS, custom),
      'order.prescriptionItems[0].customFields',
      'customFields must contain only numbers that a double represents exactly; send others as strings',
    );
  });

  it('that a double would round is kept digit for digit as a string', async () => {
    const answer = await api.place(withValue(CUSTOM_FIELDS, '{"lot":"12345678901234567890"}'));

    expect(await storedText(api, answer)).toContain(
      '"customFields":{"lot":"12345678901234567890"}',
    );
  });

  it.each(['1e400', '12345678901234567890'])(
    '%s is ignored in an unknown field',
    async (digits) => {
      const answer = await api.place(withField('order', `"unknown":${digits}`));

      expect(JSON.parse(await storedText(api, answer))).toEqual(exampleWithoutKey().order);
    },
  );
});
