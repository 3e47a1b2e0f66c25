import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCareValidateGateway } from '../../../src/pharmacy/carevalidate-gateway.ts';
import type { PharmacyGateway } from '../../../src/pharmacy/gateway.ts';
import { type FakePharmacy, json, REQUEST, startFakePharmacy } from './fake-pharmacy.ts';

// Against a server that answers as the original service does, without this project's additions.

const CONFLICT = { status: 409, success: false, code: 'IDEMPOTENCY_ERROR', description: 'exists' };

let pharmacy: FakePharmacy;
let gateway: PharmacyGateway;
let taken: string[];
beforeEach(async () => {
  pharmacy = await startFakePharmacy();
  taken = [];
  gateway = createCareValidateGateway({
    baseUrl: `${pharmacy.url}/`,
    token: 'upstream-key',
    timeoutMs: 1_000,
    findTaken: async (ids) => new Set(ids.filter((id) => taken.includes(id))),
  });
});
afterEach(() => pharmacy.close());

const signal = () => new AbortController().signal;

function detail(orders: { id: string; status?: string }[], attachments: object[] = []) {
  const all = orders.map(({ id, status = 'ACCEPTED' }) => ({ id, status, message: null }));
  return {
    status: 200,
    success: true,
    caseDetail: { id: 'case-1', status: 'OPEN', orders: all, attachments },
  };
}

/** Sets the answer to orders, and another one to reads of the case. */
function answer(status: number, body: object, caseDetail: object, headers = {}) {
  pharmacy.answer((response, request) =>
    request.method === 'POST'
      ? json(status, body, headers)(response, request)
      : json(200, caseDetail)(response, request),
  );
}

describe('place', () => {
  it('sends the contract’s request with the order id as the idempotency key', async () => {
    pharmacy.answer(json(200, { data: { order: { id: 'there-1' } } }));

    const placed = await gateway.place(REQUEST, signal());

    expect(placed).toMatchObject({ id: 'case-1/there-1', reference: REQUEST.reference });
    const [sent] = pharmacy.seen;
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
    answer(409, CONFLICT, detail([]), { location });

    expect(await gateway.place(REQUEST, signal())).toMatchObject({ id: 'case-1/there-2' });
  });

  it('adopts the only order of the case that no order of ours has', async () => {
    taken = ['case-1/there-1'];
    answer(409, CONFLICT, detail([{ id: 'there-1' }, { id: 'there-2' }]));

    expect(await gateway.place(REQUEST, signal())).toMatchObject({ id: 'case-1/there-2' });
  });

  it.each([
    ['several orders are unclaimed', [{ id: 'there-1' }, { id: 'there-2' }]],
    ['no order is unclaimed', []],
  ])('reports a fault when %s, and sends nothing more', async (_, orders) => {
    answer(409, CONFLICT, detail(orders));

    await expect(gateway.place(REQUEST, signal())).rejects.toMatchObject({
      name: 'PharmacyFaultError',
      code: 'PHARMACY_ADOPTION_UNCERTAIN',
    });
    expect(pharmacy.seen.filter(({ method }) => method === 'POST')).toHaveLength(1);
  });

  it('reports a 400 as a refusal, with its error as the reason', async () => {
    answer(400, { status: 400, success: false, error: 'npi is required' }, {});

    await expect(gateway.place(REQUEST, signal())).rejects.toMatchObject({
      name: 'OrderRefusedError',
      code: 'ORDER_REFUSED',
      reason: 'npi is required',
    });
  });

  it.each([
    [401, 'PharmacyFaultError'],
    [403, 'PharmacyFaultError'],
    [429, 'PharmacyUnavailableError'],
    [503, 'PharmacyUnavailableError'],
  ])('reports a %i as %s', async (status, name) => {
    answer(status, { status, success: false }, {});

    await expect(gateway.place(REQUEST, signal())).rejects.toMatchObject({
      name,
      code: `PHARMACY_HTTP_${status}`,
    });
  });

  it('retries after an unreadable answer', async () => {
    pharmacy.answer((response) => response.end('<html>'));

    await expect(gateway.place(REQUEST, signal())).rejects.toMatchObject({
      name: 'PharmacyUnavailableError',
      code: 'PHARMACY_BAD_ANSWER',
    });
  });
});

describe('get', () => {
  it.each([
    ['ACCEPTED', 'accepted'],
    ['NEEDS_ATTENTION', 'in_progress'],
    ['something of the original’s', 'in_progress'],
    ['REJECTED', 'rejected'],
    ['EXPIRED', 'rejected'],
    ['CANCELLED', 'cancelled'],
  ])('reads %s as %s', async (status, expected) => {
    pharmacy.answer(json(200, detail([{ id: 'there-1', status }])));

    expect(await gateway.get('case-1/there-1', signal())).toMatchObject({ status: expected });
  });

  it('reads the documents of a case with one order, also without size and hash', async () => {
    const attachments = [
      { id: 'd-1', fileName: 'rx.pdf', isDeleted: false, url: 'https://files.example.com/1' },
      { id: 'd-2', fileName: 'gone.pdf', isDeleted: true, url: 'https://files.example.com/2' },
    ];
    pharmacy.answer(json(200, detail([{ id: 'there-1', status: 'COMPLETED' }], attachments)));

    const { documents } = await gateway.get('case-1/there-1', signal());
    expect(documents).toEqual([
      {
        id: 'd-1',
        name: 'rx.pdf',
        contentType: 'application/octet-stream',
        url: 'https://files.example.com/1',
      },
    ]);
  });

  it('reports a fault when a document may belong to another order', async () => {
    const orders = [{ id: 'there-1', status: 'COMPLETED' }, { id: 'there-2' }];
    const attachments = [{ id: 'd-1', fileName: 'rx.pdf', url: 'https://files.example.com/1' }];
    pharmacy.answer(json(200, detail(orders, attachments)));

    await expect(gateway.get('case-1/there-1', signal())).rejects.toMatchObject({
      code: 'PHARMACY_DOCUMENTS_AMBIGUOUS',
    });
  });

  it('reports a fault when the case has no such order', async () => {
    pharmacy.answer(json(200, detail([])));

    await expect(gateway.get('case-1/there-1', signal())).rejects.toMatchObject({
      code: 'PHARMACY_ORDER_UNKNOWN',
    });
  });
});

describe('download', () => {
  const download = async (url: string) => {
    const document = { id: 'd-1', name: 'rx.pdf', contentType: 'application/pdf', url };
    const chunks: Uint8Array[] = [];
    for await (const chunk of await gateway.download(document, signal())) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  };

  it('decodes a base64 document', async () => {
    const content = Buffer.from('the bytes').toString('base64');
    const attachments = [{ id: 'd-1', fileName: 'rx.pdf', content }];
    pharmacy.answer(json(200, detail([{ id: 'there-1', status: 'COMPLETED' }], attachments)));
    const { documents } = await gateway.get('case-1/there-1', signal());

    expect(await download(documents[0]?.url ?? '')).toBe('the bytes');
  });

  it('follows a signed link without the key', async () => {
    pharmacy.answer((response) => response.end('the bytes'));

    expect(await download('/documents/1?signature=x')).toBe('the bytes');
    expect(pharmacy.seen[0]?.headers['cv-api-key']).toBeUndefined();
  });

  it('refuses another server without TLS', async () => {
    await expect(download('http://files.example.com/1')).rejects.toMatchObject({
      code: 'DOCUMENT_URL_FOREIGN',
    });
  });
});

describe('cancel', () => {
  const cancel = () => gateway.cancel('case-1/there-1', signal());
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
    answer(status, body, {});

    expect(await cancel()).toBe(expected);
  });

  it('retries while the server waits for its own pharmacy', async () => {
    answer(200, order('AWAITING_COMPLETION'), {});

    await expect(cancel()).rejects.toMatchObject({
      name: 'PharmacyUnavailableError',
      code: 'PHARMACY_CANCELLATION_PENDING',
    });
  });
});

it.each([
  [200, undefined],
  [403, undefined],
  [401, 'PHARMACY_HTTP_401'],
])('is probed by a read with the answer %i', async (status, code) => {
  pharmacy.answer(json(status, {}));

  const probed = gateway.findByReference('nobody', signal());
  if (code === undefined) expect(await probed).toBeUndefined();
  else await expect(probed).rejects.toMatchObject({ code });
});
