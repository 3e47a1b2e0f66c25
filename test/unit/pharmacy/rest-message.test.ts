import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRestMessage } from '../../../src/pharmacy/rest-message.ts';

const REFERENCE = '0198c0de-0000-7000-8000-000000000001';

function parse(
  body: unknown,
  headers: Record<string, string | string[]> = { 'webhook-id': 'm-1' },
) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return parseRestMessage({ headers, body: Buffer.from(text) });
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
    ['', 'other'],
  ])('reads the type %j as %s', (type, expected) => {
    const data = { id: 'ph-1', reference: REFERENCE, status: 'completed' };
    expect(parse({ type, data })).toEqual({
      webhookId: 'm-1',
      type: expected,
      reference: REFERENCE,
      pharmacyOrderId: 'ph-1',
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
      const message = parse({
        type: 'order.tracking_added',
        data: { trackingId: 't', trackingUrl },
      });
      expect(message?.shipment).toStrictEqual({ trackingId: 't' });
    },
  );

  it('keeps a message with unusable data', () => {
    for (const data of [
      undefined,
      null,
      'text',
      [],
      {},
      { id: 7, reference: {}, trackingId: '' },
    ]) {
      const message = parse({ type: 'order.completed', data });
      expect(message).toStrictEqual({ webhookId: 'm-1', type: 'completed' });
    }
  });

  it.each(['', '{', 'null', '[]', '"order.completed"', '{}', '{"type":7}', '<html></html>'])(
    'does not accept %j as a message',
    (body) => {
      expect(parse(body)).toBeUndefined();
    },
  );

  it('identifies a message without an id by its body', () => {
    const id = (data: object) => parse({ type: 'order.completed', data }, {})?.webhookId;
    expect(id({ id: 'ph-1' })).toBe(id({ id: 'ph-1' }));
    expect(id({ id: 'ph-1' })).not.toBe(id({ id: 'ph-2' }));
    const doubled = parse({ type: 'order.completed', data: {} }, { 'webhook-id': ['m-1', 'm-2'] });
    expect(doubled?.webhookId).toMatch(/^[0-9a-f]{64}$/);
  });

  it('returns only text that Postgres can store, whatever the pharmacy sends', () => {
    const piece = fc.constantFrom('a', '\0', '\ud800', '\udc00', '😀', 'é', "'", '\\');
    const hostile = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''));
    const key = fc.constantFrom('id', 'reference', 'trackingId', 'carrier', 'trackingUrl');
    const data = fc.dictionary(key, fc.oneof(hostile, fc.anything()));
    fc.assert(
      fc.property(fc.oneof(hostile, fc.constant('order.completed')), data, (type, fields) => {
        const message = parse(JSON.stringify({ type, data: fields }, withoutBigInt));
        const { shipment, ...rest } = message ?? {};
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
        expect(message === undefined || message.webhookId !== '').toBe(true);
      }),
    );
  });
});

function withoutBigInt(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? undefined : value;
}
