import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PharmacyMessage } from '../../../src/orders/pharmacy-message.ts';
import { parseRestMessage } from '../../../src/pharmacy/rest-message.ts';

const REFERENCE = '0198c0de-0000-7000-8000-000000000001';

function parse(
  body: unknown,
  headers: Record<string, string | string[]> = { 'webhook-id': 'm-1' },
) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return parseRestMessage({ headers, body: Buffer.from(text) });
}

/** Reads a message, and fails if it cannot be read. */
function read(...args: Parameters<typeof parse>): PharmacyMessage {
  const message = parse(...args);
  if ('unreadable' in message) throw new Error(`unreadable: ${message.unreadable}`);
  return message;
}

describe('parseRestMessage', () => {
  it.each([
    ['order.completed', 'completed'],
    ['order.rejected', 'rejected'],
    ['order.cancelled', 'cancelled'],
    ['order.tracking_added', 'tracking_added'],
    ['order.celebrated', 'other'],
    ['constructor', 'other'],
    ['__proto__', 'other'],
    ['order.canceled', 'cancelled'],
  ])('reads the type %j as %s', (type, expected) => {
    const data = { id: 'ph-1', reference: REFERENCE, status: 'completed', trackingId: 'T' };
    const shipment = { shipment: { trackingId: 'T' } };
    expect(parse({ type, data })).toEqual({
      webhookId: 'm-1',
      type: expected,
      reference: REFERENCE,
      pharmacyOrderId: 'ph-1',
      ...(expected === 'other' ? {} : shipment),
    });
  });

  it('reads a shipment', () => {
    const data = {
      reference: REFERENCE,
      trackingId: 'track-1',
      carrier: 'Example Post',
      trackingUrl: 'https://example.com/track-1',
    };
    const { reference, ...shipment } = data;
    expect(parse({ type: 'order.tracking_added', data })).toMatchObject({ reference, shipment });
  });

  it.each(['javascript:alert(1)', 'data:text/html,x', '/track-1', 'ftp://example.com', 42])(
    'leaves out the tracking URL %j and keeps the shipment',
    (trackingUrl) => {
      const data = { reference: REFERENCE, trackingId: 't', trackingUrl };
      const message = read({ type: 'order.tracking_added', data });
      expect(message.shipment).toStrictEqual({ trackingId: 't' });
    },
  );

  it.each([
    ['', 'body'],
    ['{', 'body'],
    ['null', 'body'],
    ['[]', 'body'],
    ['<html></html>', 'body'],
    ['{}', 'type'],
    ['{"type":7}', 'type'],
    ['{"type":""}', 'type'],
    ['{"type":"order.completed"}', 'data'],
    ['{"type":"order.completed","data":"text"}', 'data'],
    ['{"type":"order.completed","data":{}}', 'data.reference'],
    ['{"type":"order.completed","data":{"reference":""}}', 'data.reference'],
    ['{"type":"order.completed","data":{"reference":null,"id":null}}', 'data.reference'],
    ['{"type":"order.rejected","data":{"id":{}}}', 'data.id'],
    ['{"type":"order.tracking_added","data":{"id":7}}', 'data.trackingId'],
    ['{"type":"order.tracking_added","data":{"id":7,"trackingId":["T"]}}', 'data.trackingId'],
  ])('names the field of %s that cannot be read: %s', (body, field) => {
    expect(parse(body)).toStrictEqual({ unreadable: field });
  });

  it('reads ids that are numbers digit for digit, after a byte order mark', () => {
    const body = `\uFEFF{"type":"order.tracking_added","data":{"id":900719925474099312345,
      "trackingId":9400111899223344556677,"carrier":null}}`;
    expect(read(body)).toStrictEqual({
      webhookId: 'm-1',
      type: 'tracking_added',
      pharmacyOrderId: '900719925474099312345',
      shipment: { trackingId: '9400111899223344556677' },
    });
  });

  it('keeps a message of an unknown type, whatever its data is', () => {
    for (const data of [undefined, null, 'text', [], {}, { id: {}, reference: {} }]) {
      const message = read({ type: 'order.celebrated', data });
      expect(message).toStrictEqual({ webhookId: 'm-1', type: 'other' });
    }
  });

  it('identifies a message without an id by its body', () => {
    const id = (data: object) => read({ type: 'order.completed', data }, {}).webhookId;
    expect(id({ id: 'ph-1' })).toBe(id({ id: 'ph-1' }));
    expect(id({ id: 'ph-1' })).not.toBe(id({ id: 'ph-2' }));
    const body = { type: 'order.completed', data: { id: 'ph-1' } };
    const doubled = read(body, { 'webhook-id': ['m-1', 'm-2'] });
    expect(doubled.webhookId).toMatch(/^[0-9a-f]{64}$/);
  });

  it('returns only text that Postgres can store, whatever the pharmacy sends', () => {
    const piece = fc.constantFrom('a', '\0', '\ud800', '\udc00', '😀', 'é', "'", '\\');
    const hostile = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''));
    const key = fc.constantFrom('id', 'reference', 'trackingId', 'carrier', 'trackingUrl');
    const data = fc.dictionary(key, fc.oneof(hostile, fc.anything()));
    fc.assert(
      fc.property(fc.oneof(hostile, fc.constant('order.completed')), data, (type, fields) => {
        const message = parse(JSON.stringify({ type, data: fields }, withoutBigInt));
        if ('unreadable' in message) return;
        const { shipment, ...rest } = message;
        for (const value of Object.values({ ...rest, ...shipment })) {
          expect(value).not.toMatch(/[\0\p{Surrogate}]/u);
        }
      }),
    );
  });

  it('does not throw on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const message = parseRestMessage({ headers: {}, body: Buffer.from(bytes) });
        expect('unreadable' in message || message.webhookId !== '').toBe(true);
      }),
    );
  });
});

function withoutBigInt(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? undefined : value;
}
