import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCancelOrder } from '../../../src/contract/cancel-order.ts';

const REQUEST = {
  action: 'CANCEL_ORDER',
  orderId: '0198c0de-0000-7000-8000-000000000001',
  reason: 'The patient moved.',
};

function accepted(body: unknown) {
  const parsed = parseCancelOrder(body);
  if (!parsed.ok) throw new Error(parsed.errors.map(({ message }) => message).join(', '));
  return parsed.value;
}

function messages(body: unknown): string[] {
  const parsed = parseCancelOrder(body);
  return parsed.ok ? [] : parsed.errors.map(({ message }) => message);
}

describe('a request to cancel', () => {
  it('is taken as it is, with and without a reason', () => {
    const { reason: _, ...without } = REQUEST;
    expect(accepted(REQUEST)).toStrictEqual(REQUEST);
    expect(accepted(without)).toStrictEqual(without);
  });

  it.each([null, undefined])('takes the reason %s for absent', (reason) => {
    expect(accepted({ ...REQUEST, reason })).not.toHaveProperty('reason');
  });

  it('drops unknown fields', () => {
    expect(accepted({ ...REQUEST, order: {} })).toStrictEqual(REQUEST);
  });

  it('takes any text for an id: one that is none of ours is not found, not malformed', () => {
    expect(accepted({ ...REQUEST, orderId: 'no-uuid' }).orderId).toBe('no-uuid');
  });

  it.each([
    [{ action: undefined }, 'action is required'],
    [{ action: 'PLACE_ORDER' }, 'action must be one of PLACE_ORDER, VALIDATE_ORDER, CANCEL_ORDER'],
    [{ orderId: undefined }, 'orderId is required'],
    [{ orderId: ' ' }, 'orderId is required'],
    [{ orderId: 7 }, 'orderId must be a string'],
    [{ orderId: 'a\0b' }, 'orderId must not contain the NUL character'],
    [{ reason: 7 }, 'reason must be a string'],
    [{ reason: 'a\0b' }, 'reason must not contain the NUL character'],
    [{ reason: '\ud800' }, 'reason must be well-formed Unicode text'],
    [{ reason: 'x'.repeat(1_001) }, 'reason must be at most 1000 characters'],
  ])('is refused with %j', (change, message) => {
    expect(messages({ ...REQUEST, ...change })).toEqual([message]);
  });

  it('takes a reason of exactly 1,000 characters, in any script', () => {
    const reason = '💊'.repeat(1_000);
    expect(accepted({ ...REQUEST, reason }).reason).toBe(reason);
  });

  it.each([[null], [[]], ['text'], [1]])('is refused when the body is %j', (body) => {
    expect(messages(body)).toEqual(['body must be a JSON object']);
  });

  it('never throws, whatever comes', () => {
    fc.assert(
      fc.property(fc.anything(), (body) => {
        parseCancelOrder(body);
      }),
    );
  });
});
