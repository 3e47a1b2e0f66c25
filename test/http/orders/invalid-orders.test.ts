import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Answer,
  exampleWithoutKey,
  startTestApi,
  type TestApi,
} from '../../support/test-api.ts';

/* Every rule of every field is tested in test/unit/contract; here, how the answers carry them. */

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

/** The published example with the value at a path changed, or removed if `undefined`. */
function changed(path: string, value: unknown): object {
  const body = exampleWithoutKey() as unknown as Record<string, unknown>;
  const keys = path.split('.');
  const leaf = keys.pop()!;
  const parent = keys.reduce((part, key) => part[key] as Record<string, unknown>, body);
  parent[leaf] = value;
  return body;
}

/** Checks that an answer is the contract's 400. */
function expectRefusal(answer: Answer, path: string, message: string): void {
  expect(answer.status).toBe(400);
  expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(answer.json).toEqual({
    status: 400,
    success: false,
    message: 'Invalid request',
    error: message,
    errors: [{ path, message }],
  });
  expect(Object.keys(answer.json).slice(0, 4)).toEqual(['status', 'success', 'message', 'error']);
}

describe('names the field of', () => {
  it.each([
    ['action', undefined, 'action is required'],
    ['action', 'place_order', 'action must be one of PLACE_ORDER, VALIDATE_ORDER, CANCEL_ORDER'],
    [
      'idempotencyKey',
      'k'.repeat(256),
      'idempotencyKey must be 1 to 255 printable ASCII characters',
    ],
    ['idempotencyKey', 'clé', 'idempotencyKey must be 1 to 255 printable ASCII characters'],
    ['idempotencyKey', 7, 'idempotencyKey must be a string'],
    ['order', undefined, 'order is required'],
    ['order', [], 'order must be an object'],
    ['order.shippingAddress.state', 'ca', 'state must be a valid US state abbreviation'],
    ['order.shippingAddress.country', 'USA', 'country must be exactly 2 letters'],
    ['order.shippingAddress.postalCode', '9410', 'postalCode must be exactly 5 digits'],
    ['order.prescriber', null, 'prescriber is required'],
    ['order.prescriber.firstName', undefined, 'firstName is required'],
    ['order.prescriber.firstName', ' \t', 'firstName is required'],
    ['order.prescriber.firstName', '\u200b', 'firstName is required'],
    [
      'order.prescriber.firstName',
      'Jo\u200bhn',
      'firstName must not contain U+200B ZERO WIDTH SPACE',
    ],
    [
      'order.prescriber.npi',
      '\u202d1234567890\u202c',
      'npi must not contain U+202D LEFT-TO-RIGHT OVERRIDE',
    ],
    ['order.prescriber.email', 'john.smith', 'email must be a valid email address'],
    ['order.prescriber.phoneNumber', '12345', 'phoneNumber must be a valid phone number'],
    ['order.prescriber.address.city', null, 'city is required'],
    ['order.diagnosis', '', 'diagnosis is required'],
    ['order.pharmacyId', undefined, 'pharmacyId is required'],
    [
      'order.dateWritten',
      '2024-02-30',
      'dateWritten must be an ISO 8601 date that exists in the calendar',
    ],
    ['order.prescriptionItems', [], 'prescriptionItems must contain at least one item'],
  ])('%s = %j', async (path, value, message) => {
    expectRefusal(await api.place(changed(path, value)), path, message);
  });

  it.each([
    ['drugId', undefined, 'drugId is required'],
    ['quantity', 30, 'quantity must be a string'],
    ['refillCount', -1, 'refillCount must be an integer of 0 or more'],
    ['supplyDays', 0, 'supplyDays must be an integer of 1 or more'],
    ['customFields', 'text', 'customFields must be an object'],
  ])('the item’s %s = %j', async (field, value, message) => {
    const answer = await api.place(changed(`order.prescriptionItems.0.${field}`, value));

    expectRefusal(answer, `order.prescriptionItems[0].${field}`, message);
  });
});

it('names the first problem in the contract’s order, and all problems with their paths', async () => {
  const { order } = exampleWithoutKey();
  const answer = await api.place({
    order: {
      prescriptionItems: [{ ...order.prescriptionItems[0], quantity: null }],
      prescriber: { ...order.prescriber, email: 'no', firstName: '' },
      pharmacyId: 'pharmacy-123',
    },
    action: 'PLACE_ORDER',
  });

  expect(answer.json.error).toBe('firstName is required');
  expect(answer.json.errors).toEqual([
    { path: 'order.prescriber.firstName', message: 'firstName is required' },
    { path: 'order.prescriber.email', message: 'email must be a valid email address' },
    { path: 'order.diagnosis', message: 'diagnosis is required' },
    { path: 'order.prescriptionItems[0].quantity', message: 'quantity is required' },
  ]);
});

it('refuses an order without an address for a case without one', async () => {
  const answer = await api.place(changed('order.shippingAddress', undefined), {
    caseId: api.organization.caseWithoutAddress,
  });

  expectRefusal(answer, 'order.shippingAddress', 'shippingAddress is required');
});

it('never shows a received value', async () => {
  const answer = await api.place(changed('order.prescriber.email', 'private words'));

  expect(answer.text).not.toContain('private words');
});

it('refuses NUL and a lone surrogate in every stored text', async () => {
  const nul = await api.place(changed('order.diagnosis', 'a\0b'));
  const surrogate = await api.place(
    JSON.stringify(changed('order.diagnosis', 'HERE')).replace('HERE', '\\ud800'),
  );

  expectRefusal(nul, 'order.diagnosis', 'diagnosis must not contain the NUL character');
  expectRefusal(surrogate, 'order.diagnosis', 'diagnosis must be well-formed Unicode text');
});

it('stores nothing of a refused request', async () => {
  expect([await api.count('orders'), await api.count('outbox')]).toEqual([0, 0]);
});
