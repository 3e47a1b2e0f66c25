import { describe, expect, it } from 'vitest';
import { parsePlaceOrder } from '../../../src/contract/place-order.ts';
import { examplePlaceOrder } from '../../support/example.ts';
import {
  BLANKS,
  breakagesOf,
  CONTRACT,
  fieldName,
  fullRequest,
  pathText,
  withValue,
} from './contract-table.ts';

function accepted(body: unknown) {
  const parsed = parsePlaceOrder(body);
  if (!parsed.ok) throw new Error(parsed.errors.map(({ message }) => message).join(', '));
  return parsed.value;
}

function messages(body: unknown): string[] {
  const parsed = parsePlaceOrder(body);
  return parsed.ok ? [] : parsed.errors.map(({ message }) => message);
}

function shown(value: unknown): string {
  return typeof value === 'number'
    ? String(value)
    : (JSON.stringify(value) ?? 'nothing').slice(0, 30);
}

describe('a request that keeps the rules', () => {
  it('accepts the published example as it is', () => {
    expect(accepted(examplePlaceOrder())).toStrictEqual(examplePlaceOrder());
  });

  it('accepts a request with every field of the contract', () => {
    expect(accepted(fullRequest())).toStrictEqual(fullRequest());
  });

  it.each(CONTRACT.filter(({ required }) => !required).map(({ path }) => [pathText(path), path]))(
    'takes null in the optional %s for absent',
    (_text, path) => {
      const without = accepted(withValue(fullRequest(), path, undefined));
      expect(accepted(withValue(fullRequest(), path as string[], null))).toStrictEqual(without);
    },
  );

  it('takes undefined for absent, as callers in TypeScript write it', () => {
    const body = { ...examplePlaceOrder(), idempotencyKey: undefined };
    expect(accepted(body)).not.toHaveProperty('idempotencyKey');
  });

  it('keeps texts as they were sent, blanks around them included', () => {
    const path = ['order', 'prescriber', 'firstName'];
    expect(accepted(withValue(fullRequest(), path, ' Zoë \n')).order.prescriber.firstName).toBe(
      ' Zoë \n',
    );
  });

  it.each(CONTRACT.filter(({ required }) => !required).map(({ path }) => [pathText(path), path]))(
    'takes a blank in the optional %s for absent',
    (_text, path) => {
      const without = accepted(withValue(fullRequest(), path, undefined));
      for (const blank of BLANKS) {
        expect(accepted(withValue(fullRequest(), path as string[], blank))).toStrictEqual(without);
      }
    },
  );

  it('gives the country in upper case', () => {
    const body = withValue(fullRequest(), ['order', 'prescriber', 'address', 'country'], 'uS');
    expect(accepted(body).order.prescriber.address.country).toBe('US');
  });

  it('drops unknown fields at every level', () => {
    const body = fullRequest();
    const holders = [body, body.order, body.order.prescriber, body.order.prescriber.address];
    for (const holder of [...holders, body.order.prescriptionItems[0]]) {
      Object.assign(holder!, { unknown: { a: 1 }, constructor: 'x', toString: null });
    }
    expect(accepted(body)).toStrictEqual(fullRequest());
  });

  it('passes customFields on by reference', () => {
    const body = fullRequest();
    const customFields = JSON.parse('{"__proto__":{"a":1},"list":[null,{"deep":[[]]}],"n":null}');
    body.order.prescriptionItems[0]!.customFields = customFields;
    expect(accepted(body).order.prescriptionItems[0]!.customFields).toBe(customFields);
  });

  it('accepts 3.0 and -0 as the integers that they are', () => {
    const body = JSON.parse(
      JSON.stringify(fullRequest()).replace('"refillCount":3', '"refillCount":-0.0'),
    );
    expect(accepted(body).order.prescriptionItems[0]!.refillCount).toBeCloseTo(0);
  });
});

describe('a request that breaks one rule', () => {
  const cases = CONTRACT.flatMap(breakagesOf).map((breakage) => {
    const path = pathText(breakage.row.path);
    return [`${path} = ${shown(breakage.value)}: ${breakage.message}`, path, breakage] as const;
  });

  it.each(cases)('%s', (_title, path, { row, value, message }) => {
    expect(parsePlaceOrder(withValue(fullRequest(), row.path, value))).toStrictEqual({
      ok: false,
      errors: [{ path, field: fieldName(row.path), message }],
    });
  });
});

describe('several problems', () => {
  it('lists them in the order of the table, whatever the order of the body', () => {
    const { action, order } = fullRequest();
    const { prescriber, prescriptionItems, ...rest } = order;
    const body = {
      order: {
        prescriptionItems: [{ ...prescriptionItems[0], drugId: '', quantity: 30 }, null, 'x'],
        ...rest,
        diagnosis: null,
        shippingAddress: { postalCode: 'x', state: 'XX' },
        prescriber: { ...prescriber, firstName: '' },
      },
      action: `${action}!`,
      idempotencyKey: 'é',
    };
    expect(messages(body)).toStrictEqual([
      'action must be one of PLACE_ORDER, VALIDATE_ORDER, CANCEL_ORDER',
      'idempotencyKey must be 1 to 255 printable ASCII characters',
      'addressLine1 is required',
      'city is required',
      'state must be a valid US state abbreviation',
      'country is required',
      'postalCode must be exactly 5 digits',
      'firstName is required',
      'diagnosis is required',
      'drugId is required',
      'quantity must be a string',
      'prescriptionItems[1] is required',
      'prescriptionItems[2] must be an object',
    ]);
  });

  it('names the item in the path of every problem', () => {
    const body = fullRequest();
    body.order.prescriptionItems.push({ drugId: '', quantity: '1' });
    expect(parsePlaceOrder(body)).toMatchObject({
      errors: [{ path: 'order.prescriptionItems[1].drugId', message: 'drugId is required' }],
    });
  });

  it('tells of an object that is missing, not of the fields that it would hold', () => {
    expect(messages({})).toStrictEqual(['action is required', 'order is required']);
  });
});
