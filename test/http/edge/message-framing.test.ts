import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { answersIn, orderBytes, sendRaw } from '../../support/raw-http.ts';
import { exampleWithoutKey, startTestApi, type TestApi } from '../../support/test-api.ts';

/* Where a request's body ends, said in every way there is. */

let api: TestApi;
let before: number;
let logged: number;
beforeAll(async () => {
  api = await startTestApi();
});
beforeEach(async () => {
  before = await api.count('orders');
  logged = api.app.log.lines.length;
});
afterEach(async () => {
  expect((await api.send('GET', '/healthz')).status).toBe(200);
  const lines = api.app.log.lines.slice(logged);
  expect(lines.filter(({ level }) => level !== 'info')).toEqual([]);
});
afterAll(() => api.close());

const BODY = JSON.stringify(exampleWithoutKey());
const SIZE = Buffer.byteLength(BODY);
const CHUNKED = ['Transfer-Encoding: chunked'];

function chunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}

/** The statuses and errors of what came back, and how many orders were stored. */
async function outcome(bytes: string, options: Parameters<typeof sendRaw>[2] = {}) {
  const answers = answersIn(await sendRaw(api.app.url, bytes, options));
  const stored = (await api.count('orders')) - before;
  return [...answers.map(({ status, json }) => (status < 400 ? status : json.error)), stored];
}

const NO_HTTP = 'the request is not valid HTTP';

describe('a Content-Length', () => {
  it.each([
    ['that comes twice', [`Content-Length: ${SIZE}`, `Content-Length: ${SIZE}`]],
    ['that comes twice and differs', [`Content-Length: ${SIZE}`, 'Content-Length: 2']],
    ['that is a list', [`Content-Length: ${SIZE}, ${SIZE}`]],
    ['that is negative', [`Content-Length: -${SIZE}`]],
    ['with a plus', [`Content-Length: +${SIZE}`]],
    ['that is hexadecimal', ['Content-Length: 0x10']],
    ['that is a word', ['Content-Length: all']],
    ['that is empty', ['Content-Length:']],
    ['beyond 64 bits', [`Content-Length: ${'9'.repeat(30)}`]],
    ['beside chunks', [`Content-Length: ${SIZE}`, ...CHUNKED]],
    ['behind chunks', [...CHUNKED, `Content-Length: ${SIZE}`]],
  ])('%s gets 400, and nothing is stored', async (_what, framing) => {
    const body = framing.includes(CHUNKED[0]!) ? `${chunk(BODY)}0\r\n\r\n` : BODY;

    expect(await outcome(orderBytes(api, { body, framing }))).toEqual([NO_HTTP, 0]);
  });

  it('of more than came before the client left gets 400, and nothing is stored', async () => {
    const bytes = orderBytes(api, { body: BODY, framing: [`Content-Length: ${SIZE + 1}`] });

    expect(await outcome(bytes, { end: true })).toEqual([NO_HTTP, 0]);
  });

  it('of less than came cuts the body', async () => {
    const bytes = orderBytes(api, { body: BODY, framing: [`Content-Length: ${SIZE - 1}`] });

    expect(await outcome(bytes)).toEqual(['body must be valid JSON', 0]);
  });

  it('of 0 gets 400', async () => {
    const bytes = orderBytes(api, { body: '', framing: ['Content-Length: 0'] });

    expect(await outcome(bytes)).toEqual(['body must be a JSON object', 0]);
  });

  it('of more than 1 MiB gets 413 before a byte of it came', async () => {
    const bytes = orderBytes(api, { body: '', framing: ['Content-Length: 1048577'] });

    expect(await outcome(bytes)).toEqual(['body must not be larger than 1 MiB', 0]);
  });

  it('that is missing, and no chunks: there is no body', async () => {
    const bytes = orderBytes(api, { body: '', framing: [] });

    expect(await outcome(bytes)).toEqual(['body must be a JSON object', 0]);
  });
});

describe('chunks', () => {
  it.each([
    ['in one', `${chunk(BODY)}0\r\n\r\n`],
    [
      'in many',
      `${BODY.match(/.{1,7}/gs)!
        .map(chunk)
        .join('')}0\r\n\r\n`,
    ],
    ['with an extension', `${SIZE.toString(16)};name=value\r\n${BODY}\r\n0\r\n\r\n`],
    ['with trailers', `${chunk(BODY)}0\r\nx-checksum: 1\r\nx-more: 2\r\n\r\n`],
    ['with a trailer that is no header of ours', `${chunk(BODY)}0\r\ncv-api-key: nobody\r\n\r\n`],
  ])('%s are put together', async (_what, body) => {
    expect(await outcome(orderBytes(api, { body, framing: CHUNKED }))).toEqual([200, 1]);
  });

  it.each([
    ['without a length', `${BODY}\r\n0\r\n\r\n`],
    ['of a negative length', `-5\r\n${BODY}\r\n0\r\n\r\n`],
    ['of a length beyond 64 bits', `${'f'.repeat(17)}\r\n${BODY}\r\n0\r\n\r\n`],
    ['longer than they say', `5\r\n${BODY}\r\n0\r\n\r\n`],
    ['with garbage behind the order', `${chunk(BODY)}garbage\r\n\r\n`],
  ])('%s get 400, and nothing is stored', async (_what, body) => {
    expect(await outcome(orderBytes(api, { body, framing: CHUNKED }))).toEqual([NO_HTTP, 0]);
  });

  it('without their end get 400 when the client leaves, and nothing is stored', async () => {
    const bytes = orderBytes(api, { body: chunk(BODY), framing: CHUNKED });

    expect(await outcome(bytes, { end: true })).toEqual([NO_HTTP, 0]);
  });

  it('of more than 1 MiB get 413', async () => {
    const body = `${chunk(' '.repeat(600_000)).repeat(2)}0\r\n\r\n`;

    expect(await outcome(orderBytes(api, { body, framing: CHUNKED }))).toEqual([
      'body must not be larger than 1 MiB',
      0,
    ]);
  });

  it.each([
    ['gzip, chunked', 'Transfer-Encoding must be chunked'],
    ['chunked, chunked', NO_HTTP],
    ['chunked, gzip', NO_HTTP],
    ['identity', NO_HTTP],
    ['xchunked', NO_HTTP],
  ])('under the Transfer-Encoding %s are refused', async (coding, error) => {
    const framing = [`Transfer-Encoding: ${coding}`];

    expect(await outcome(orderBytes(api, { body: `${chunk(BODY)}0\r\n\r\n`, framing }))).toEqual([
      error,
      0,
    ]);
  });
});

describe('what follows an order on its connection', () => {
  const kept = () => orderBytes(api).replace('Connection: close\r\n', '');

  it('is refused for itself when it is no request: the order is stored and its client told so', async () => {
    expect(await outcome(`${kept()}{"more":1}`)).toEqual([200, NO_HTTP, 1]);
    expect(await outcome(`${kept()}${kept()}x`)).toEqual([200, 200, NO_HTTP, 3]);
  });

  it('is answered behind it', async () => {
    const noOrder = orderBytes(api, { body: '{}' }).replace('Connection: close\r\n', '');

    expect(await outcome(`${noOrder}\r\n\r\n${orderBytes(api)}`)).toEqual([
      'action is required',
      200,
      1,
    ]);
  });

  it('is found behind a body that nobody reads', async () => {
    const get = 'GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello';

    expect(await outcome(`${get}${orderBytes(api)}`)).toEqual([200, 200, 1]);
  });
});

describe('the version', () => {
  it('1.0 is served, without a Host and without chunks', async () => {
    const line = `POST /api/v1/cases/${api.organization.caseId} HTTP/1.0`;
    const bytes = orderBytes(api, { line }).replace('Host: 127.0.0.1\r\n', '');

    expect(await outcome(bytes)).toEqual([200, 1]);
    expect(await outcome('GET /healthz HTTP/1.0\r\n\r\n')).toEqual([200, 1]);
  });

  it.each(['HTTP/1.2', 'HTTP/1', 'http/1.1', 'HTCPCP/1.0'])('%s gets 400', async (version) => {
    expect(await outcome(`GET /healthz ${version}\r\nHost: x\r\n\r\n`)).toEqual([NO_HTTP, 0]);
  });
});

it('a client that resets while it sends leaves no order, and no fault in the log', async () => {
  const bytes = orderBytes(api, { body: BODY, framing: [`Content-Length: ${SIZE + 1}`] });

  expect(await outcome(bytes, { silenceMs: 100 })).toEqual([0]);
});
