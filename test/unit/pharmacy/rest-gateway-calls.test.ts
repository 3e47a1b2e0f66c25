import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PharmacyGateway } from '../../../src/pharmacy/gateway.ts';
import {
  OrderRefusedError,
  PharmacyAnswerError,
  PharmacyFaultError,
} from '../../../src/pharmacy/pharmacy-errors.ts';
import { createRestGateway } from '../../../src/pharmacy/rest-gateway.ts';
import { LOOPBACK } from '../../support/foreign.ts';
import {
  errorOf,
  type FakePharmacy,
  json,
  ORDER,
  REFERENCE,
  REQUEST,
  startFakePharmacy,
  text,
  unaborted,
} from './fake-pharmacy.ts';

let pharmacy: FakePharmacy;
let gateway: PharmacyGateway;

beforeEach(async () => {
  pharmacy = await startFakePharmacy();
  // Configured base URLs often end with a slash.
  const baseUrl = `${pharmacy.url}/v1/`;
  gateway = createRestGateway({
    baseUrl,
    token: 'synthetic-token',
    timeoutMs: 5_000,
    foreign: LOOPBACK,
  });
});
afterEach(() => pharmacy.close());

const place = () => gateway.place(REQUEST, unaborted());

describe('place', () => {
  it('sends the order with its id as reference and idempotency key, and the bearer token', async () => {
    pharmacy.answer(json(201, ORDER));
    expect(await place()).toMatchObject({ id: 'ph-1', reference: REFERENCE, status: 'accepted' });
    expect(pharmacy.seen).toHaveLength(1);
    expect(pharmacy.seen[0]).toMatchObject({
      method: 'POST',
      url: '/v1/orders',
      headers: {
        authorization: 'Bearer synthetic-token',
        'content-type': 'application/json',
        'idempotency-key': REFERENCE,
      },
    });
    const { caseId: _, prescription, ...request } = REQUEST;
    const { pharmacyId: __, ...rest } = prescription;
    expect(JSON.parse(pharmacy.seen[0]?.body ?? '')).toEqual({ ...request, prescription: rest });
  });

  it.each([200, 201, 202])('accepts %i with the order', async (status) => {
    pharmacy.answer(json(status, { ...ORDER, status: 'in_progress' }));
    expect(await place()).toMatchObject({ id: 'ph-1', status: 'in_progress' });
  });

  it('accepts an answer without a reference, because it answers our own request', async () => {
    pharmacy.answer(json(201, { id: 7, status: 'on_hold' }));
    const placed = await place();
    expect(placed).toMatchObject({ id: '7', status: 'in_progress', documents: [], unreadable: [] });
    expect(placed).not.toHaveProperty('reference');
  });

  it('accepts the reference in upper case', async () => {
    pharmacy.answer(json(201, { ...ORDER, reference: REFERENCE.toUpperCase() }));
    expect(await place()).toMatchObject({ id: 'ph-1' });
  });

  it('reports a bad answer when 202 comes without the order', async () => {
    pharmacy.answer(text(202, ''));
    expect(await errorOf(place())).toEqual(new PharmacyAnswerError('PHARMACY_BAD_ANSWER', 'body'));
  });

  it('reports that the order exists when the pharmacy answers 409', async () => {
    pharmacy.answer(json(409, ORDER));
    expect(await place()).toBe('exists');
  });

  it('reports a fault when the answer is another order', async () => {
    pharmacy.answer(json(201, { ...ORDER, reference: 'another' }));
    expect(await errorOf(place())).toEqual(new PharmacyFaultError('PHARMACY_OTHER_REFERENCE'));
  });

  it('reports the code and the message of a refusal', async () => {
    pharmacy.answer(json(422, { code: 'DRUG_UNKNOWN', message: 'We do not carry it.' }));
    const error = await errorOf(place());
    expect(error).toBeInstanceOf(OrderRefusedError);
    expect(error).toMatchObject({
      code: 'DRUG_UNKNOWN',
      message: 'DRUG_UNKNOWN',
      reason: 'We do not carry it.',
    });
  });

  it.each([
    ['no body', text(422, '')],
    ['a page instead', text(422, '<html>Sam Sample</html>')],
    ['a list', json(422, ['Sam Sample'])],
    ['null', json(422, null)],
    ['a code that is text', json(422, { code: 'Sam Sample has died' })],
    ['a code with a line break', json(422, { code: 'A\nSam' })],
    ['a code that is too long', json(422, { code: 'A'.repeat(65) })],
    ['a code that is a number', json(422, { code: 42 })],
    ['a message without a text', json(422, { message: { patient: { name: 'Sam Sample' } } })],
  ])('reports a refusal with %s, and keeps nothing of the body', async (_, answer) => {
    pharmacy.answer(answer);
    const error = await errorOf(place());
    expect(error).toBeInstanceOf(OrderRefusedError);
    expect(error).toMatchObject({ code: 'ORDER_REFUSED', reason: undefined });
  });

  it.each([
    ['an object', { code: 'D-1', detail: 'We do not carry it.' }, 'D-1: We do not carry it.'],
    ['a list', ['We do not', 'carry it.'], 'We do not: carry it.'],
    ['a number', 42, '42'],
    ['too long', 'x'.repeat(2_001), 'x'.repeat(2_000)],
  ])('reads a message that is %s', async (_, message, reason) => {
    pharmacy.answer(json(422, { code: 'NO', message }));
    expect(await errorOf(place())).toMatchObject({ code: 'NO', reason });
  });

  it('removes NUL, which Postgres cannot store, from the message', async () => {
    pharmacy.answer(json(422, { code: 'NO', message: 'not\0 here' }));
    expect(await errorOf(place())).toMatchObject({ code: 'NO', reason: 'not here' });
  });

  it.each([400, 401, 403, 404, 405, 418])(
    'reports a fault when it is answered %i',
    async (status) => {
      pharmacy.answer(json(status, { message: 'Sam Sample' }));
      expect(await errorOf(place())).toEqual(new PharmacyFaultError(`PHARMACY_HTTP_${status}`));
    },
  );
});

describe('findByReference', () => {
  const find = (reference = REFERENCE) => gateway.findByReference(reference, unaborted());

  it('finds the order by our reference', async () => {
    pharmacy.answer(json(200, { ...ORDER, status: 'in_progress' }));
    expect(await find()).toMatchObject({ id: 'ph-1', status: 'in_progress' });
    const { method, url } = pharmacy.seen[0] ?? {};
    expect([method, url]).toEqual(['GET', `/v1/orders?reference=${REFERENCE}`]);
  });

  it('returns undefined when the pharmacy has no such order', async () => {
    pharmacy.answer(json(404, {}));
    expect(await find()).toBeUndefined();
  });

  it('never accepts another order as ours', async () => {
    pharmacy.answer(json(200, { ...ORDER, reference: 'another' }));
    expect(await errorOf(find())).toEqual(new PharmacyFaultError('PHARMACY_OTHER_REFERENCE'));
  });

  it('returns undefined for an empty list', async () => {
    for (const empty of [[], { data: [] }, { orders: [] }]) {
      pharmacy.answer(json(200, empty));
      expect(await find()).toBeUndefined();
    }
  });

  it('finds our order in a list of all orders', async () => {
    const others = [{ ...ORDER, id: 'ph-2', reference: 'another' }, { id: 'ph-3' }, null];
    const ours = { ...ORDER, reference: REFERENCE.toUpperCase() };
    pharmacy.answer(json(200, { items: [...others, ours] }));
    expect(await find()).toMatchObject({ id: 'ph-1' });
  });

  it.each([
    [
      'without our order',
      [
        { ...ORDER, reference: 'a' },
        { ...ORDER, reference: 'b' },
      ],
    ],
    ['with two orders of our reference', [ORDER, { ...ORDER, id: 'ph-2' }]],
    ['whose only order has no reference', [{ ...ORDER, reference: undefined }]],
  ])('reports a bad answer for a list %s', async (_, list) => {
    pharmacy.answer(json(200, list));
    const error = new PharmacyAnswerError('PHARMACY_BAD_ANSWER', 'reference');
    expect(await errorOf(find())).toEqual(error);
  });

  it('escapes the reference in the URL', async () => {
    pharmacy.answer(json(404, {}));
    await find('a&b=c#d/../e');
    expect(pharmacy.seen[0]?.url).toBe('/v1/orders?reference=a%26b%3Dc%23d%2F..%2Fe');
  });
});

describe('get', () => {
  const get = (id = 'ph-1') => gateway.get(id, unaborted());

  it('reads the order with its documents, hashes in lower case', async () => {
    const document = {
      id: 'doc-1',
      name: 'prescription.pdf',
      contentType: 'application/pdf',
      size: 3,
      sha256: 'AB'.repeat(32),
      url: '/documents/1',
    };
    pharmacy.answer(json(200, { ...ORDER, status: 'completed', documents: [document] }));
    expect(await get()).toMatchObject({
      ...ORDER,
      status: 'completed',
      documents: [{ ...document, sha256: 'ab'.repeat(32) }],
      unreadable: [],
    });
  });

  it('treats null as absent', async () => {
    pharmacy.answer(json(200, { ...ORDER, reason: null, documents: null }));
    expect(await get()).toMatchObject({ documents: [] });
  });

  it('accepts an id with digits that a double cannot carry, and a UUID in another case', async () => {
    const digits = '900719925474099312345';
    pharmacy.answer(text(200, `{"id":${digits},"status":"completed"}`));
    expect(await get(digits)).toMatchObject({ id: digits, status: 'completed' });
    pharmacy.answer(json(200, { ...ORDER, id: REFERENCE.toUpperCase() }));
    expect(await get(REFERENCE)).toMatchObject({ id: REFERENCE.toUpperCase() });
  });

  it('reads the tracking of the order', async () => {
    pharmacy.answer(text(200, '{"id":"ph-1","trackingId":9400111899223344556677,"carrier":"X"}'));
    const shipment = { trackingId: '9400111899223344556677', carrier: 'X' };
    expect(await get()).toMatchObject({ shipment });
  });

  it('escapes the id in the URL', async () => {
    pharmacy.answer(json(200, { ...ORDER, id: '../admin?x=1' }));
    await get('../admin?x=1');
    expect(pharmacy.seen[0]?.url).toBe('/v1/orders/..%2Fadmin%3Fx%3D1');
  });

  it('reports a fault when the pharmacy answers with another order', async () => {
    pharmacy.answer(json(200, { ...ORDER, id: 'ph-2' }));
    expect(await errorOf(get())).toEqual(new PharmacyFaultError('PHARMACY_OTHER_ORDER'));
  });

  it('reports a fault when the pharmacy no longer knows the order', async () => {
    pharmacy.answer(json(404, {}));
    expect(await errorOf(get())).toEqual(new PharmacyFaultError('PHARMACY_HTTP_404'));
  });
});

describe('cancel', () => {
  const cancel = () => gateway.cancel('ph-1', unaborted());

  it.each([
    [200, 'cancelled'],
    [204, 'cancelled'],
    [202, 'pending'],
    [409, 'too-late'],
  ])('reports %i as %s', async (status, outcome) => {
    pharmacy.answer(status === 204 ? text(status, '') : json(status, ORDER));
    expect(await cancel()).toBe(outcome);
    const { method, url } = pharmacy.seen[0] ?? {};
    expect([method, url]).toEqual(['POST', '/v1/orders/ph-1/cancel']);
  });

  it('reports a fault for any other answer', async () => {
    pharmacy.answer(json(403, {}));
    expect(await errorOf(cancel())).toEqual(new PharmacyFaultError('PHARMACY_HTTP_403'));
  });
});
