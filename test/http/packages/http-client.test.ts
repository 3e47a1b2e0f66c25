import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createHttpClient,
  type HttpClient,
  type PrescriptionOrder,
} from '../../../packages/http-client/src/index.ts';
import { examplePlaceOrder } from '../../support/example.ts';
import { createKey } from '../../support/organization.ts';
import { ordersOfKey } from '../../support/sealed-rows.ts';
import { storeDocument } from '../../support/stored-document.ts';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';
import { startTestApi, type TestApi } from '../../support/test-api.ts';

// The client against our own server on a real Postgres, over a connection that breaks.

let api: TestApi;
let proxy: TcpProxy;
let client: HttpClient;
let caseId: string;
beforeAll(async () => {
  api = await startTestApi();
  const { hostname, port } = new URL(api.app.url);
  proxy = await startTcpProxy({ host: hostname, port: Number(port) });
  client = clientWith(api.organization.apiKey);
  caseId = api.organization.caseId;
});
afterAll(async () => {
  await proxy.close();
  await api.close();
});

function clientWith(apiKey: string): HttpClient {
  return createHttpClient({
    baseUrl: `http://127.0.0.1:${proxy.port}`,
    apiKey,
    retries: { initialDelayMs: 10 },
  });
}

/** An order by whose diagnosis the proxy knows it. */
function order(diagnosis = `mark-${randomUUID()}`): PrescriptionOrder {
  return { ...examplePlaceOrder().order, diagnosis };
}

const ordersOf = (key: string) => ordersOfKey(api.database, key);

const failing = (call: Promise<unknown>) => call.catch((error: unknown) => error);

describe('placing', () => {
  it('stores the order under the key that the client made', async () => {
    const { orderId, idempotencyKey, recovered } = await client.placeOrder(caseId, order());
    expect(recovered).toBe(false);
    expect(await ordersOf(idempotencyKey)).toEqual([orderId]);
    expect(await client.getOrder(caseId, orderId)).toMatchObject({
      id: orderId,
      caseId,
      idempotencyKey,
      status: 'ACCEPTED',
      documents: [],
    });
  });

  it.each([
    ['before the server has the request', 'before', [false]],
    ['while the server works', 'after', [false, true]],
    ['behind the commit, before the answer comes', 'answered', [true]],
  ] as const)('makes one order when the connection breaks %s', async (_what, moment, expected) => {
    for (let round = 0; round < 5; round += 1) {
      const diagnosis = `mark-${randomUUID()}`;
      proxy.breakOn(diagnosis, moment);
      const placed = await client.placeOrder(caseId, order(diagnosis));
      expect(expected).toContain(placed.recovered);
      expect(await ordersOf(placed.idempotencyKey)).toEqual([placed.orderId]);
    }
  });

  it('tells a used key from its own, and names the order of an equal payload', async () => {
    const idempotencyKey = randomUUID();
    const first = order();
    const { orderId } = await client.placeOrder(caseId, first, { idempotencyKey });
    const same = await failing(client.placeOrder(caseId, first, { idempotencyKey }));
    const other = await failing(client.placeOrder(caseId, order(), { idempotencyKey }));
    expect(same).toMatchObject({ existing: { orderId, caseId }, ownRetry: false });
    expect(other).toMatchObject({ code: 'IDEMPOTENCY_ERROR', existing: undefined });
    expect(await ordersOf(idempotencyKey)).toEqual([orderId]);
  });
});

describe('refusals', () => {
  it('name every field by its path', async () => {
    const { diagnosis: _, ...rest } = order();
    const invalid = { ...rest, pharmacyId: ' ' } as PrescriptionOrder;
    expect(await failing(client.placeOrder(caseId, invalid))).toMatchObject({
      name: 'InvalidRequestError',
      errors: [
        { path: 'order.diagnosis', message: 'diagnosis is required' },
        { path: 'order.pharmacyId', message: 'pharmacyId is required' },
      ],
      outcomeUnknown: false,
    });
  });

  it('are told apart', async () => {
    const reader = clientWith(
      await createKey(api.database, api.organization.organizationId, { scopes: ['orders:read'] }),
    );
    const calls: [() => Promise<unknown>, string][] = [
      [() => clientWith('unknown').placeOrder(caseId, order()), 'UnauthorizedError'],
      [() => reader.placeOrder(caseId, order()), 'PermissionDeniedError'],
      [() => client.placeOrder(randomUUID(), order()), 'PermissionDeniedError'],
      [() => client.getOrder(caseId, randomUUID()), 'NotFoundError'],
      [() => client.getOrder(caseId, 'a/../b?c#d'), 'NotFoundError'],
    ];
    for (const [call, name] of calls) expect(await failing(call())).toMatchObject({ name });
  });
});

describe('documents', () => {
  it('come as they were stored, and whole over a connection that breaks at first', async () => {
    const { orderId } = await client.placeOrder(caseId, order());
    const { id, bytes, sha256 } = await storeDocument(api, orderId, {
      bytes: randomBytes(200_000),
    });

    const listed = await client.listDocuments(caseId, orderId);
    proxy.breakOn(`/documents/${id}`, 'before');
    const { stream, contentType, ...about } = await client.downloadDocument(caseId, orderId, id);

    expect(listed).toMatchObject([{ id, sha256, size: bytes.length }]);
    expect(contentType).toBe('application/pdf');
    expect(about).toEqual({ size: bytes.length, etag: `"${sha256}"`, sha256 });
    const received = Buffer.from(await new Response(stream).arrayBuffer());
    expect(received.equals(bytes)).toBe(true);
    const unknown = client.downloadDocument(caseId, orderId, randomUUID());
    expect(await failing(unknown)).toMatchObject({ name: 'NotFoundError' });
  });
});
