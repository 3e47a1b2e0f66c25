import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type PlaceOrderRequest, parsePlaceOrder } from '../../../src/contract/place-order.ts';
import { validPlaceOrder } from '../../support/place-order-arbitrary.ts';
import {
  type Breakage,
  breakagesOf,
  CONTRACT,
  fieldName,
  fullRequest,
  holderOf,
  pathText,
  withValue,
} from './contract-table.ts';

/** A valid request as JSON brings it. */
const wireRequest = validPlaceOrder().map(
  (request) => JSON.parse(JSON.stringify(request)) as PlaceOrderRequest,
);

const isLeaf = ({ path }: { path: readonly unknown[] }) =>
  !CONTRACT.some((row) => row.path.length > path.length && path.every((k, i) => k === row.path[i]));
const LEAVES = CONTRACT.filter(isLeaf);

/** One way to break the field of one row. */
const breakageOf = (rows: typeof CONTRACT) =>
  fc.constantFrom(...rows).chain((row) => fc.constantFrom(...breakagesOf(row)));

const errorOf = ({ row, message }: Breakage) => ({
  path: pathText(row.path),
  field: fieldName(row.path),
  message,
});

/** Adds what must make no difference: nulls, unknown fields, a country in lower case. */
function decorated(body: PlaceOrderRequest): unknown {
  const copy = structuredClone(body);
  for (const { path, required } of CONTRACT) {
    const holder = holderOf(copy, path);
    const key = path.at(-1);
    if (holder === undefined || key === undefined || typeof key === 'number') continue;
    if (!required) holder[key] ??= null;
    if (key === 'country') holder[key] = String(holder[key]).toLowerCase();
    holder['unknownField'] = { [key]: null };
  }
  return copy;
}

describe('parsePlaceOrder', () => {
  it('accepts every valid request and gives it back unchanged', () => {
    fc.assert(
      fc.property(wireRequest, (request) => {
        expect(parsePlaceOrder(request)).toStrictEqual({ ok: true, value: request });
      }),
    );
  });

  it('gives the same for a request with nulls, unknown fields and lower-case countries', () => {
    fc.assert(
      fc.property(wireRequest, (request) => {
        expect(parsePlaceOrder(decorated(request))).toStrictEqual({ ok: true, value: request });
      }),
    );
  });

  it('gives its own output back unchanged', () => {
    fc.assert(
      fc.property(wireRequest.map(decorated), (body) => {
        const once = parsePlaceOrder(body);
        if (!once.ok) throw new Error(once.errors[0].message);
        expect(parsePlaceOrder(once.value)).toStrictEqual(once);
      }),
    );
  });

  it('leaves the body as it was', () => {
    fc.assert(
      fc.property(wireRequest.map(decorated), (body) => {
        const before = structuredClone(body);
        parsePlaceOrder(body);
        expect(body).toStrictEqual(before);
      }),
    );
  });

  it('refuses a valid request with one rule broken and names field and path', () => {
    fc.assert(
      fc.property(wireRequest, breakageOf(CONTRACT), (request, breakage) => {
        fc.pre(holderOf(request, breakage.row.path) !== undefined);
        const body = withValue(request, breakage.row.path, breakage.value);
        expect(parsePlaceOrder(body)).toStrictEqual({ ok: false, errors: [errorOf(breakage)] });
      }),
      { numRuns: 500 },
    );
  });

  it('lists all problems, in the order of the table', () => {
    const several = fc
      .subarray([...LEAVES], { minLength: 2 })
      .chain((rows) => fc.tuple(...rows.map((row) => fc.constantFrom(...breakagesOf(row)))));
    fc.assert(
      fc.property(several, (breakages) => {
        const body = breakages.reduce<unknown>(
          (request, { row, value }) => withValue(request, row.path, value),
          fullRequest(),
        );
        expect(parsePlaceOrder(body)).toStrictEqual({ ok: false, errors: breakages.map(errorOf) });
      }),
    );
  });

  it('never throws, whatever the JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const parsed = parsePlaceOrder(value);
        expect(parsed.ok ? [] : parsed.errors).not.toHaveLength(0);
      }),
    );
  });

  it('never throws and never repeats a value, whatever stands in a field', () => {
    const SECRET = 'Zanzibar-4711';
    const junk = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(SECRET, [SECRET], { [SECRET]: SECRET }, `${SECRET}\0`),
    );
    fc.assert(
      fc.property(fc.constantFrom(...CONTRACT), junk, ({ path }, value) => {
        const parsed = parsePlaceOrder(withValue(fullRequest(), path, value));
        const errors = parsed.ok ? [] : parsed.errors;
        expect(parsed.ok || errors.length > 0).toBe(true);
        expect(JSON.stringify(errors)).not.toContain(SECRET);
      }),
      { numRuns: 500 },
    );
  });
});
