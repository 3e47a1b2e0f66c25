import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { answersIn, orderBytes, sendRaw } from '../support/raw-http.ts';
import { openedOrder } from '../support/sealed-rows.ts';
import { exampleWithoutKey, startTestApi, type TestApi } from '../support/test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const ASCII = Buffer.from(JSON.stringify(exampleWithoutKey()));
const UTF_8 = Buffer.from(ASCII.toString().replaceAll('Hypertension', 'Ménière'));

async function place(body: Uint8Array, headers: Record<string, string>) {
  const before = await api.count('orders');
  const answer = await api.place(body, { headers });
  return { answer, stored: (await api.count('orders')) - before };
}

function refusal(error: string) {
  return { status: 415, success: false, message: 'Unsupported media type', error };
}

it.each([
  'application/json;charset="utf-8"',
  'application/json; charset=UTF-8',
  'application/json ; Charset=utf8',
  'application/json; profile=x',
  'application/json;',
  'APPLICATION/JSON',
])('a body of type %s is read as UTF-8', async (type) => {
  const { answer, stored } = await place(UTF_8, { 'content-type': type });

  expect([answer.status, stored]).toEqual([200, 1]);
  const { prescription } = await openedOrder(api.database, answer.json.data.order.id as string);
  expect(prescription.diagnosis).toBe('Ménière');
});

it.each(['latin1', 'ISO-8859-1', 'us-ascii', '"windows-1252"', 'utf-16', 'utf-8x', ''])(
  'a body labelled with the charset %j is accepted if it is ASCII and refused otherwise',
  async (charset) => {
    const headers = { 'content-type': `application/json; charset=${charset}` };
    const ascii = await place(ASCII, headers);
    const beyond = await place(UTF_8, headers);

    expect([ascii.answer.status, ascii.stored]).toEqual([200, 1]);
    expect([beyond.answer.json, beyond.stored]).toEqual([refusal('charset must be UTF-8'), 0]);
  },
);

it.each([
  'application/x-www-form-urlencoded',
  'application/problem+json',
  'application/json5',
  'application/json+x',
  'application/*',
  '*/*',
  'text/json',
  'text/plain; charset=utf-8',
  'text/plain; a=application/json',
  'application',
  'application/json, text/plain',
])('a body of type %s is refused', async (type) => {
  const { answer, stored } = await place(ASCII, { 'content-type': type });

  expect([answer.json, stored]).toEqual([refusal('Content-Type must be application/json'), 0]);
});

it.each<[coding: string, body: Uint8Array]>([
  ['gzip', gzipSync(ASCII)],
  ['deflate', deflateSync(ASCII)],
  ['br', brotliCompressSync(ASCII)],
  ['gzip', ASCII],
  ['x-made-up', ASCII],
  ['identity, gzip', gzipSync(ASCII)],
])('a body with the Content-Encoding %s is refused', async (coding, body) => {
  const { answer, stored } = await place(body, { 'content-encoding': coding });

  expect([answer.json, stored]).toEqual([refusal('Content-Encoding must be identity'), 0]);
  expect(answer.headers.get('accept-encoding')).toBe('identity');
});

it.each(['identity', 'Identity'])(
  'a body with the Content-Encoding %s is accepted',
  async (coding) => {
    const { answer, stored } = await place(ASCII, { 'content-encoding': coding });

    expect([answer.status, stored]).toEqual([200, 1]);
  },
);

it('the key is checked before the encoding of the body', async () => {
  const { answer } = await place(ASCII, { 'cv-api-key': 'nobody', 'content-encoding': 'gzip' });

  expect(answer.status).toBe(401);
});

it('a compressed message from a pharmacy is refused too', async () => {
  const answer = await api.send('POST', '/webhooks/pharmacies/pharmacy-123', {
    headers: { 'content-encoding': 'gzip', 'content-type': 'application/json' },
    body: gzipSync('{}'),
  });

  expect(answer.json).toEqual(refusal('Content-Encoding must be identity'));
});

it.each([
  ['application/json', 'text/plain', 200],
  ['text/plain', 'application/json', 415],
])('the first of two types, %s and %s, counts', async (first, second, status) => {
  const headers = [`Content-Type: ${second}`];
  const bytes = orderBytes(api, { type: first, headers });

  expect(answersIn(await sendRaw(api.app.url, bytes))).toMatchObject([{ status }]);
});
