import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answersIn, orderBytes, sendRaw } from '../../support/raw-http.ts';
import { ordersOfKey } from '../../support/sealed-rows.ts';
import {
  exampleWithKey,
  exampleWithoutKey,
  startTestApi,
  type TestApi,
} from '../../support/test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const withHeader = (key: string) => ({ headers: { 'idempotency-key': key } });
const ordersOf = (key: string) => ordersOfKey(api.database, key);

describe('the header Idempotency-Key', () => {
  it.each<[what: string, body: () => object]>([
    ['no key', exampleWithoutKey],
    ['the key null', () => ({ ...exampleWithoutKey(), idempotencyKey: null })],
    ['a blank key', () => ({ ...exampleWithoutKey(), idempotencyKey: '' })],
  ])('counts when the body has %s: two requests make one order', async (_what, body) => {
    const key = randomUUID();
    const first = await api.place(body(), withHeader(key));
    const second = await api.place(body(), withHeader(key));

    expect([first.status, second.status]).toEqual([200, 409]);
    expect(second.headers.get('idempotency-match')).toBe('same');
    expect(second.headers.get('location')).toContain(first.json.data.order.id);
    expect(await ordersOf(key)).toEqual([first.json.data.order.id]);
    const found = await api.get('/api/v1/orders/by-idempotency-key', { 'idempotency-key': key });
    expect(found.json.data.order).toMatchObject({
      id: first.json.data.order.id,
      idempotencyKey: key,
    });
  });

  it('makes the same payload as the key in the body, and equals it when both are sent', async () => {
    const key = randomUUID();
    const first = await api.place(exampleWithKey(key));
    const inHeader = await api.place(exampleWithoutKey(), withHeader(key));
    const inBoth = await api.place(exampleWithKey(key), withHeader(key));

    expect([first.status, inHeader.status, inBoth.status]).toEqual([200, 409, 409]);
    expect(inHeader.headers.get('idempotency-match')).toBe('same');
    expect(inBoth.headers.get('idempotency-match')).toBe('same');
    const replay = { 'idempotency-mode': 'replay', 'idempotency-key': key };
    const replayed = await api.place(exampleWithoutKey(), { headers: replay });
    expect(replayed.text).toBe(first.text);
    expect(replayed.headers.get('idempotency-replayed')).toBe('true');
  });

  it.each(['PLACE_ORDER', 'VALIDATE_ORDER'])(
    'that differs from the key of the body is refused by %s, and uses no key',
    async (action) => {
      const [inBody, inHeader] = [randomUUID(), randomUUID()];
      const answer = await api.place({ ...exampleWithKey(inBody), action }, withHeader(inHeader));

      const message = 'idempotencyKey must equal the header Idempotency-Key';
      expect(answer.status).toBe(400);
      expect(answer.json).toMatchObject({
        error: message,
        errors: [{ path: 'idempotencyKey', message }],
      });
      expect([...(await ordersOf(inBody)), ...(await ordersOf(inHeader))]).toEqual([]);
    },
  );

  it.each([
    ['empty', 'Idempotency-Key:'],
    ['too long', `Idempotency-Key: ${'k'.repeat(256)}`],
    ['not ASCII', 'Idempotency-Key: cl\xe9'],
    ['with a tab inside', 'Idempotency-Key: a\tb'],
  ])('that is %s is refused', async (_what, header) => {
    const body = JSON.stringify(exampleWithoutKey());
    const bytes = orderBytes(api, { headers: [header], body });
    const [answer] = answersIn(await sendRaw(api.app.url, bytes));

    const message = 'Idempotency-Key must be 1 to 255 printable ASCII characters';
    expect(answer).toMatchObject({
      status: 400,
      json: { error: message, errors: [{ path: 'Idempotency-Key', message }] },
    });
  });

  it.each(['a', 'b'])('that is sent twice, a and then %s, is refused', async (second) => {
    const body = JSON.stringify(exampleWithoutKey());
    const headers = ['Idempotency-Key: a', `idempotency-key: ${second}`];
    const [answer] = answersIn(await sendRaw(api.app.url, orderBytes(api, { headers, body })));

    const message = 'Idempotency-Key must be sent once';
    expect(answer).toMatchObject({
      status: 400,
      json: { error: message, errors: [{ path: 'Idempotency-Key', message }] },
    });
    expect(await ordersOf('a')).toEqual([]);
  });

  it('is listed with the other problems, after that of the action', async () => {
    const body = { ...exampleWithoutKey(), action: 'EAT_ORDER', order: null };
    const answer = await api.place(body, withHeader('k'.repeat(256)));

    expect(answer.json.errors.map(({ path }: { path: string }) => path)).toEqual([
      'action',
      'Idempotency-Key',
      'order',
    ]);
  });

  it('changes no cancellation, but must be a key there too', async () => {
    const key = randomUUID();
    const placed = await api.place(exampleWithKey(key));
    const cancel = { action: 'CANCEL_ORDER', orderId: placed.json.data.order.id };

    expect((await api.place(cancel, withHeader('k'.repeat(256)))).status).toBe(400);
    expect((await api.place(cancel, withHeader(key))).status).toBe(200);
  });
});

it('a look-up by a key that is sent twice is refused', async () => {
  const response = await api.get('/api/v1/orders/by-idempotency-key', { 'idempotency-key': '' });
  expect(response.json.error).toBe('Idempotency-Key is required');

  const bytes = [
    'GET /api/v1/orders/by-idempotency-key HTTP/1.1',
    'Host: 127.0.0.1',
    'Connection: close',
    `cv-api-key: ${api.organization.apiKey}`,
    'Idempotency-Key: a',
    'Idempotency-Key: b',
    '\r\n',
  ].join('\r\n');
  const [answer] = answersIn(await sendRaw(api.app.url, bytes));
  expect(answer).toMatchObject({
    status: 400,
    json: { error: 'Idempotency-Key must be sent once' },
  });
});
