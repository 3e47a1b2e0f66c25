import { describe, expect, it } from 'vitest';
import { json, REQUEST, unaborted } from './fake-pharmacy.ts';
import { answer, detail, useUpstream } from './upstream.ts';

const CONFLICT = { status: 409, success: false, code: 'IDEMPOTENCY_ERROR', description: 'exists' };

const upstream = useUpstream();

describe('place', () => {
  it('sends the contract’s request with the order id as the idempotency key', async () => {
    upstream.pharmacy.answer(json(200, { data: { order: { id: 'there-1' } } }));

    const placed = await upstream.gateway.place(REQUEST, unaborted());

    // The protocol has no references.
    expect(placed).not.toHaveProperty('reference');
    expect(placed).toMatchObject({
      id: 'case-1/there-1',
      status: 'accepted',
      documents: [],
      unreadable: [],
    });
    const [sent] = upstream.pharmacy.seen;
    expect(sent).toMatchObject({ method: 'POST', url: '/api/v1/cases/case-1' });
    expect(sent?.headers['cv-api-key']).toBe('upstream-key');
    expect(JSON.parse(sent?.body ?? '')).toEqual({
      action: 'PLACE_ORDER',
      idempotencyKey: REQUEST.reference,
      order: { ...REQUEST.prescription, shippingAddress: REQUEST.shippingAddress },
    });
  });

  it('adopts the order in the Location of a 409', async () => {
    const location = '/api/v1/cases/case-1/orders/there-2';
    answer(upstream, 409, CONFLICT, detail([]), { location });

    expect(await upstream.gateway.place(REQUEST, unaborted())).toMatchObject({
      id: 'case-1/there-2',
    });
  });

  it('adopts the only order of the case that no order of ours has', async () => {
    upstream.taken.add('case-1/there-1');
    answer(upstream, 409, CONFLICT, detail([{ id: 'there-1' }, { id: 'there-2' }]));

    expect(await upstream.gateway.place(REQUEST, unaborted())).toMatchObject({
      id: 'case-1/there-2',
    });
  });

  it.each([
    ['several orders are unclaimed', [{ id: 'there-1' }, { id: 'there-2' }]],
    ['no order is unclaimed', []],
  ])('reports a fault when %s, and sends nothing more', async (_, orders) => {
    answer(upstream, 409, CONFLICT, detail(orders));

    await expect(upstream.gateway.place(REQUEST, unaborted())).rejects.toMatchObject({
      name: 'PharmacyFaultError',
      code: 'PHARMACY_ADOPTION_UNCERTAIN',
    });
    expect(upstream.pharmacy.seen.filter(({ method }) => method === 'POST')).toHaveLength(1);
  });

  it('reports a 400 as a refusal, with its error as the reason', async () => {
    answer(upstream, 400, { status: 400, success: false, error: 'npi is required' }, {});

    await expect(upstream.gateway.place(REQUEST, unaborted())).rejects.toMatchObject({
      name: 'OrderRefusedError',
      code: 'ORDER_REFUSED',
      reason: 'npi is required',
    });
  });

  it.each([
    [401, 'PharmacyFaultError'],
    [403, 'PharmacyFaultError'],
    [408, 'PharmacyUnavailableError'],
    [423, 'PharmacyUnavailableError'],
    [425, 'PharmacyUnavailableError'],
    [429, 'PharmacyUnavailableError'],
    [503, 'PharmacyUnavailableError'],
  ])('reports a %i as %s', async (status, name) => {
    answer(upstream, status, { status, success: false }, {});

    await expect(upstream.gateway.place(REQUEST, unaborted())).rejects.toMatchObject({
      name,
      code: `PHARMACY_HTTP_${status}`,
    });
  });

  it.each([
    ['<html>', 'body'],
    ['{"data":{}}', 'data.order'],
    ['{"data":{"order":{"id":null}}}', 'data.order.id'],
  ])('reports a bad answer for %s, with the field %s', async (body, field) => {
    upstream.pharmacy.answer((response) => response.end(body));

    await expect(upstream.gateway.place(REQUEST, unaborted())).rejects.toMatchObject({
      name: 'PharmacyAnswerError',
      code: 'PHARMACY_BAD_ANSWER',
      field,
    });
  });

  it.each([200, 201, 202])('accepts %i and an id that is a number', async (status) => {
    upstream.pharmacy.answer(json(status, { data: { order: { id: 42 } } }));

    expect(await upstream.gateway.place(REQUEST, unaborted())).toMatchObject({ id: 'case-1/42' });
  });

  it.each([
    '/api/v1/cases/case-1/orders/%E0%A4%A',
    '/api/v1/cases/case-1/orders/there%2F2',
    '/api/v1/cases/case-1/orders/%00',
  ])('reads the case when the Location %s names no order', async (location) => {
    answer(upstream, 409, CONFLICT, detail([{ id: 'there-2' }]), { location });

    expect(await upstream.gateway.place(REQUEST, unaborted())).toMatchObject({
      id: 'case-1/there-2',
    });
  });
});

describe('cancel', () => {
  const cancel = () => upstream.gateway.cancel('case-1/there-1', unaborted());
  const order = (status: string) => ({ data: { order: { id: 'there-1', status } } });

  it.each([
    ['is cancelled immediately', 200, order('CANCELLED'), 'cancelled'],
    ['has ended', 409, { code: 'ORDER_NOT_CANCELLABLE' }, 'too-late'],
    [
      'is on a server without CANCEL_ORDER',
      400,
      { error: 'action must be PLACE_ORDER' },
      'too-late',
    ],
  ])('of an order that %s', async (_, status, body, expected) => {
    answer(upstream, status, body, {});

    expect(await cancel()).toBe(expected);
  });

  it.each([200, 202])(
    'is pending while the server waits for its own pharmacy: %i',
    async (status) => {
      answer(upstream, status, order('AWAITING_COMPLETION'), {});

      expect(await cancel()).toBe('pending');
    },
  );
});

it.each([
  [200, undefined],
  [403, undefined],
  [401, 'PHARMACY_HTTP_401'],
])('is probed by a read with the answer %i', async (status, code) => {
  upstream.pharmacy.answer(json(status, {}));

  const probed = upstream.gateway.findByReference('nobody', unaborted());
  if (code === undefined) expect(await probed).toBeUndefined();
  else await expect(probed).rejects.toMatchObject({ code });
});
