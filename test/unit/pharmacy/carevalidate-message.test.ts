import { createHmac } from 'node:crypto';
import { expect, it } from 'vitest';
import { parseCareValidateMessage } from '../../../src/pharmacy/carevalidate-message.ts';
import { isAuthentic, type WebhookAuth } from '../../../src/pharmacy/webhook-auth.ts';

const AUTH = { kind: 'x-cv-signature', secret: 'whsec_c2VjcmV0' } satisfies WebhookAuth;

function webhook(event: string, order: object) {
  const body = { event, order: { id: 'there-1', ...order }, payload: { case: { id: 'case-1' } } };
  return { headers: {}, body: Buffer.from(JSON.stringify(body)) };
}

it.each([
  ['ORDER_STATUS_CHANGED', { status: 'COMPLETED' }, 'completed'],
  ['ORDER_STATUS_CHANGED', { status: 'REJECTED' }, 'rejected'],
  ['ORDER_STATUS_CHANGED', { status: 'EXPIRED' }, 'rejected'],
  ['ORDER_STATUS_CHANGED', { status: 'CANCELLED' }, 'cancelled'],
  ['ORDER_STATUS_CHANGED', { status: 'NEEDS_ATTENTION' }, 'other'],
  ['ORDER_STATUS_CHANGED', { status: 'SHIPPED', trackingId: 'T' }, 'completed'],
  ['ORDER_STATUS_CHANGED', { status: 'Delivered' }, 'completed'],
  ['ORDER_STATUS_CHANGED', { status: 7 }, 'other'],
  ['ORDER_CREATED', { status: 'AWAITING_COMPLETION' }, 'other'],
  ['ADD_CASE_ATTACHMENT', { status: 'COMPLETED' }, 'other'],
  ['ORDER_TRACKING_ADDED', { trackingId: '1Z999' }, 'tracking_added'],
])('reads %s of %j as %s', (event, order, type) => {
  expect(parseCareValidateMessage(webhook(event, order))).toMatchObject({
    type,
    pharmacyOrderId: 'case-1/there-1',
  });
});

it('reads the shipment', () => {
  expect(
    parseCareValidateMessage(webhook('ORDER_TRACKING_ADDED', { trackingId: '1Z999' })),
  ).toMatchObject({
    shipment: { trackingId: '1Z999' },
  });
});

it('identifies a message by its body, not by an unsigned header', () => {
  const { body } = webhook('ORDER_CREATED', {});

  const [first, second] = ['a', 'b'].map((id) =>
    parseCareValidateMessage({ headers: { 'webhook-id': id }, body }),
  );
  expect(first).toHaveProperty('webhookId');
  expect(first).toStrictEqual(second);
});

it.each([
  ['', 'body'],
  ['[]', 'body'],
  ['{"event":1,"order":{"id":"x"}}', 'event'],
  ['{"event":"ORDER_CREATED"}', 'order'],
  ['{"event":"ORDER_CREATED","order":{"id":"\\u0000"},"payload":{"case":{"id":"c"}}}', 'order.id'],
  ['{"event":"ORDER_STATUS_CHANGED","order":{"id":7},"payload":{}}', 'payload.case'],
  [
    '{"event":"ORDER_TRACKING_ADDED","order":{"id":7},"payload":{"case":{"id":8}}}',
    'order.trackingId',
  ],
])('names the field of %s that cannot be read: %s', (body, unreadable) => {
  const message = parseCareValidateMessage({ headers: {}, body: Buffer.from(body) });
  expect(message).toStrictEqual({ unreadable });
});

it('accepts an event that is not about an order', () => {
  const body = Buffer.from('\uFEFF{"event":"CASE_CLOSED","payload":{}}');
  expect(parseCareValidateMessage({ headers: {}, body })).toMatchObject({ type: 'other' });
});

it('is authentic with the hexadecimal HMAC-SHA256 of the raw body, keyed with the secret’s text', () => {
  const { body } = webhook('ORDER_CREATED', {});
  const signature = createHmac('sha256', AUTH.secret).update(body).digest('hex');
  const signed = (value: string | string[] | undefined, bytes = body) =>
    isAuthentic(AUTH, { headers: { 'x-cv-signature': value }, body: bytes });

  expect(signed(signature)).toBe(true);
  expect(signed(signature, Buffer.concat([body, Buffer.from(' ')]))).toBe(false);
  expect(signed(signature.replace(/^./, (digit) => (digit === '0' ? '1' : '0')))).toBe(false);
  expect(signed(undefined)).toBe(false);
  expect(signed([signature, signature])).toBe(false);
});
