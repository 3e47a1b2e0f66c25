import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { API_KEY, CASE, clientOf, errorOf, exampleOrder } from './client-of.ts';
import {
  type ContractServer,
  data,
  failure,
  json,
  startContractServer,
} from './contract-server.ts';

let server: ContractServer;
beforeEach(async () => {
  server = await startContractServer();
});
afterEach(() => server.close());

const ORDER = { id: 'order-1', caseId: CASE, status: 'ACCEPTED' };
const at = () => server.seen.map(({ method, url }) => `${method} ${url}`);
const bodyOf = (index: number) => JSON.parse(server.seen[index]!.body);

describe('reads', () => {
  it('carry the key, to a base URL with a path of its own, too', async () => {
    server.answer(data({ order: ORDER }));
    expect(await clientOf(`${server.url}/rx/`).getOrder(CASE, 'a/b?c')).toEqual(ORDER);
    expect(at()).toEqual([`GET /rx/api/v1/cases/${CASE}/orders/a%2Fb%3Fc`]);
    expect(server.seen[0]!.headers['cv-api-key']).toBe(API_KEY);
  });

  it('list orders by what was asked for', async () => {
    const client = clientOf(server.url);
    server.answer(data({ orders: [ORDER], nextCursor: 'c2' }));
    const page = await client.listOrders({
      status: 'ACCEPTED',
      createdAfter: new Date(0),
      createdBefore: '2026-01-01T00:00:00.000Z',
      pharmacyId: 'a&b',
      limit: 10,
      cursor: 'c1',
    });
    expect(page).toEqual({ orders: [ORDER], nextCursor: 'c2' });
    await client.listOrdersOfCase(CASE, { status: undefined });
    expect(at()).toEqual([
      'GET /api/v1/orders?status=ACCEPTED&createdAfter=1970-01-01T00%3A00%3A00.000Z&createdBefore=2026-01-01T00%3A00%3A00.000Z&pharmacyId=a%26b&limit=10&cursor=c1',
      `GET /api/v1/cases/${CASE}/orders`,
    ]);
  });

  it('list the pharmacies, by page and one after the other', async () => {
    const [first, second] = [1, 2].map((n) => ({ id: `p-${n}`, name: `P ${n}`, active: true }));
    server.answer(
      data({ pharmacies: [first], nextCursor: 'c2' }),
      data({ pharmacies: [first], nextCursor: 'c2' }),
      data({ pharmacies: [second], nextCursor: null }),
    );
    const client = clientOf(server.url);
    expect(await client.listPharmacies({ limit: 1 })).toEqual({
      pharmacies: [first],
      nextCursor: 'c2',
    });
    const found: unknown[] = [];
    for await (const pharmacy of client.iteratePharmacies({ limit: 1 })) found.push(pharmacy);
    expect(found).toEqual([first, second]);
    expect(at()).toEqual([
      'GET /api/v1/pharmacies?limit=1',
      'GET /api/v1/pharmacies?limit=1',
      'GET /api/v1/pharmacies?limit=1&cursor=c2',
    ]);
  });

  it('iterate over pages as they are asked for, and stop when nobody asks', async () => {
    server.answer(
      data({ orders: [{ id: '1' }, { id: '2' }], nextCursor: 'c2' }),
      failure(503, 'wait'),
      data({ orders: [], nextCursor: 'c3' }),
      data({ orders: [{ id: '3' }], nextCursor: null }),
    );
    const ids: string[] = [];
    for await (const { id } of clientOf(server.url).iterateOrders({ limit: 2 })) {
      if (id === '2') expect(server.seen).toHaveLength(1);
      ids.push(id);
    }
    expect(ids).toEqual(['1', '2', '3']);
    expect(at()).toEqual([
      'GET /api/v1/orders?limit=2',
      'GET /api/v1/orders?limit=2&cursor=c2',
      'GET /api/v1/orders?limit=2&cursor=c2',
      'GET /api/v1/orders?limit=2&cursor=c3',
    ]);
    for await (const order of clientOf(server.url).iterateOrdersOfCase(CASE)) {
      expect(order.id).toBe('3');
      break;
    }
    expect(server.seen).toHaveLength(5);
  });

  it('do not follow a cursor that leads nowhere', async () => {
    server.answer(data({ documents: [], nextCursor: 'c1' }));
    const error = await errorOf(clientOf(server.url).listDocuments(CASE, 'order-1'));
    expect(error).toMatchObject({ code: 'UNEXPECTED_ANSWER', fault: 'shape' });
    expect(server.seen).toHaveLength(2);
  });

  it('give the whole timeline and all documents', async () => {
    const client = clientOf(server.url);
    server.answer(
      data({ activity: [{ id: '1' }], nextCursor: 'c' }),
      data({ activity: [{ id: '2' }], nextCursor: null }),
      data({ documents: [{ id: 'd' }], nextCursor: null }),
    );
    expect(await client.getActivity(CASE, 'o')).toEqual([{ id: '1' }, { id: '2' }]);
    expect(await client.listDocuments(CASE, 'o')).toEqual([{ id: 'd' }]);
    expect(at()[1]).toBe(`GET /api/v1/cases/${CASE}/orders/o/activity?cursor=c`);
  });

  it("give the original's case detail", async () => {
    const caseDetail = { id: CASE, status: 'OPEN', orders: [] };
    server.answer(json(200, { status: 200, success: true, caseDetail }));
    const options = { includeOrders: true, documentFormat: 'base64' } as const;
    expect(await clientOf(server.url).customerCaseDetail(CASE, options)).toEqual(caseDetail);
    expect(at()).toEqual([
      `GET /api/v1/customer-case-detail?caseId=${CASE}&includeOrders=true&documentFormat=base64`,
    ]);
  });
});

describe('the look-up of a key', () => {
  it('sends it in a header, never in the URL', async () => {
    server.answer(data({ order: ORDER }));
    expect(await clientOf(server.url).findByIdempotencyKey('rx 1001')).toEqual(ORDER);
    expect(at()).toEqual(['GET /api/v1/orders/by-idempotency-key']);
    expect(server.seen[0]!.headers['idempotency-key']).toBe('rx 1001');
  });

  it('finds nothing only when the server says that there is no such order', async () => {
    server.answer(failure(404, 'order not found'), failure(404, 'no such route'));
    const client = clientOf(server.url);
    expect(await client.findByIdempotencyKey('k')).toBeUndefined();
    expect(await errorOf(client.findByIdempotencyKey('k'))).toMatchObject({ code: 'NOT_FOUND' });
  });
});

const WARNING = {
  field: 'pharmacyId',
  code: 'PHARMACY_UNKNOWN',
  message: 'No pharmacy of this pharmacyId is set up.',
};

describe('changes', () => {
  it('check an order without placing it', async () => {
    server.answer(
      data({ valid: true, warnings: [WARNING] }),
      data({ valid: true }),
      failure(400, 'diagnosis is required'),
      data({}),
    );
    const client = clientOf(server.url);
    expect(await client.validateOrder(CASE, exampleOrder())).toEqual({ warnings: [WARNING] });
    expect(await client.validateOrder(CASE, exampleOrder())).toEqual({ warnings: [] });
    expect(bodyOf(0)).toEqual({ action: 'VALIDATE_ORDER', order: exampleOrder() });
    const invalid = await errorOf(client.validateOrder(CASE, exampleOrder()));
    expect(invalid).toMatchObject({ code: 'INVALID_REQUEST', outcomeUnknown: false });
    const odd = await errorOf(client.validateOrder(CASE, exampleOrder()));
    expect(odd).toMatchObject({ fault: 'shape' });
  });

  it('put a case, and say whether it is new', async () => {
    server.answer(data({}, 201), data({}, 200));
    const client = clientOf(server.url);
    const patient = { firstName: 'Jane', lastName: 'Sample' };
    expect(await client.putCase('our-1', patient)).toEqual({ created: true });
    expect(await client.putCase('our-1', patient)).toEqual({ created: false });
    expect(at()[0]).toBe('PUT /api/v1/cases/our-1');
    expect(bodyOf(0)).toEqual({ patient });
  });

  it('cancel an order', async () => {
    server.answer(data({ order: { ...ORDER, status: 'CANCELLED' } }));
    const client = clientOf(server.url);
    expect(await client.cancelOrder(CASE, 'order-1', 'a mistake')).toMatchObject({
      status: 'CANCELLED',
    });
    await client.cancelOrder(CASE, 'order-1');
    expect(bodyOf(0)).toEqual({ action: 'CANCEL_ORDER', orderId: 'order-1', reason: 'a mistake' });
    expect(bodyOf(1)).toEqual({ action: 'CANCEL_ORDER', orderId: 'order-1' });
  });

  const tooLate = failure(409, 'no', { code: 'ORDER_NOT_CANCELLABLE' });

  it('say that an order cannot be cancelled', async () => {
    server.answer(tooLate);
    const error = await errorOf(clientOf(server.url).cancelOrder(CASE, 'order-1'));
    expect(error).toMatchObject({ code: 'ORDER_NOT_CANCELLABLE', status: 409 });
    expect(server.seen).toHaveLength(1);
  });

  it.each([
    ['CANCELLED', { status: 'CANCELLED' }],
    ['COMPLETED', { code: 'ORDER_NOT_CANCELLABLE', outcomeUnknown: false }],
  ])('look at the order when an answer was lost: it is %s', async (status, expected) => {
    server.answer((response) => response.destroy(), tooLate, data({ order: { ...ORDER, status } }));
    const outcome = await clientOf(server.url)
      .cancelOrder(CASE, 'order-1')
      .catch((error: unknown) => error);
    expect(outcome).toMatchObject(expected);
    expect(at()[2]).toBe(`GET /api/v1/cases/${CASE}/orders/order-1`);
  });
});

describe('a download', () => {
  const bytes = randomBytes(300_000);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const headers = {
    'content-type': 'application/pdf',
    'content-length': String(bytes.length),
    etag: `"${sha256}"`,
  };
  const read = async (stream: ReadableStream<Uint8Array>) =>
    Buffer.from(await new Response(stream).arrayBuffer());
  const start = (options: { attemptTimeoutMs?: number; signal?: AbortSignal } = {}) => {
    const { signal, ...client } = options;
    return clientOf(server.url, client).downloadDocument(CASE, 'o', 'd', { signal });
  };

  it('streams the bytes, and says what they are; its start is repeated', async () => {
    server.answer(failure(503, 'wait'), (response) => {
      response.writeHead(200, headers).end(bytes);
    });
    const { stream, ...about } = await start();
    const { 'content-type': contentType, etag } = headers;
    expect(about).toEqual({ contentType, size: bytes.length, etag, sha256 });
    expect((await read(stream)).equals(bytes)).toBe(true);
    expect(at()[1]).toBe(`GET /api/v1/cases/${CASE}/orders/o/documents/d`);
  });

  it('can be of no bytes', async () => {
    server.answer((response) => response.writeHead(200, { 'content-length': '0' }).end());
    const { stream, size, sha256: unknown } = await start();
    expect([(await read(stream)).length, size, unknown]).toEqual([0, 0, undefined]);
  });

  it('errors when it breaks off, and is not taken for a whole one', async () => {
    server.answer((response) => {
      response.writeHead(200, headers);
      response.write(bytes.subarray(0, 1_000), () => setTimeout(() => response.destroy(), 50));
    });
    const { stream } = await start();
    expect(await errorOf(read(stream))).toMatchObject({ code: 'NETWORK' });
  });

  it('errors when it pauses too long, but never because its reader does', async () => {
    server.answer((response) => {
      response.writeHead(200, headers);
      response.write(bytes.subarray(0, 1_000));
    });
    const { stream } = await start({ attemptTimeoutMs: 150 });
    await new Promise((resolve) => setTimeout(resolve, 400));
    const reader = stream.getReader();
    expect((await reader.read()).value).toHaveLength(1_000);
    expect(await errorOf(reader.read())).toMatchObject({ code: 'TIMEOUT' });
  });

  it("ends with the caller's signal", async () => {
    server.answer((response) => {
      response.writeHead(200, headers);
      response.write(bytes.subarray(0, 1_000));
    });
    const controller = new AbortController();
    const { stream } = await start({ signal: controller.signal });
    setTimeout(() => controller.abort(), 50);
    expect(await errorOf(read(stream))).toMatchObject({ code: 'ABORTED' });
  });

  it('lets go of the connection when it is cancelled', async () => {
    let closed: Promise<void> = Promise.resolve();
    server.answer((response) => {
      closed = new Promise((resolve) => response.on('close', () => resolve()));
      response.writeHead(200, headers);
      response.write(bytes.subarray(0, 1_000));
    });
    const { stream } = await start();
    await stream.cancel();
    await closed;
  });

  it('of an unknown document is an error', async () => {
    server.answer(failure(404, 'document not found'));
    expect(await errorOf(start())).toMatchObject({ code: 'NOT_FOUND' });
  });
});
