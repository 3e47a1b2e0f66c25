import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { answersIn, orderBytes, sendRaw } from '../../support/raw-http.ts';
import { exampleWithoutKey, startTestApi, type TestApi } from '../../support/test-api.ts';

/* Every way of saying where a request's body ends. */

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

/** The statuses and errors of the responses, then the number of stored orders. */
async function outcome(bytes: string, options: Parameters<typeof sendRaw>[2] = {}) {
  const answers = answersIn(await sendRaw(api.app.url, bytes, options));
  const stored = (await api.count('orders')) - before;
  return [...answers.map(({ status, json }) => (status < 400 ? status : json.error)), stored];
}

const NOT_HTTP = 'the request is not valid HTTP';

describe('a Content-Length', () => {
  it.each([
    ['that is repeated', [`Content-Length: ${SIZE}`, `Content-Length: ${SIZE}`]],
    ['that is repeated with another value', [`Content-Length: ${SIZE}`, 'Content-Length: 2']],
    ['that is a list', [`Content-Length: ${SIZE}, ${SIZE}`]],
    ['that is negative', [`Content-Length: -${SIZE}`]],
    ['with a plus sign', [`Content-Length: +${SIZE}`]],
    ['that is hexadecimal', ['Content-Length: 0x10']],
    ['that is a word', ['Content-Length: all']],
    ['that is empty', ['Content-Length:']],
    ['beyond 64 bits', [`Content-Length: ${'9'.repeat(30)}`]],
    ['before Transfer-Encoding', [`Content-Length: ${SIZE}`, ...CHUNKED]],
    ['after Transfer-Encoding', [...CHUNKED, `Content-Length: ${SIZE}`]],
  ])('%s gets 400, and nothing is stored', async (_what, framing) => {
    const body = framing.includes(CHUNKED[0]!) ? `${chunk(BODY)}0\r\n\r\n` : BODY;

    expect(await outcome(orderBytes(api, { body, framing }))).toEqual([NOT_HTTP, 0]);
  });

  it('larger than the body of a client that disconnects gets 400, and nothing is stored', async () => {
    const bytes = orderBytes(api, { body: BODY, framing: [`Content-Length: ${SIZE + 1}`] });

    expect(await outcome(bytes, { end: true })).toEqual([NOT_HTTP, 0]);
  });

  it('smaller than the body truncates it', async () => {
    const bytes = orderBytes(api, { body: BODY, framing: [`Content-Length: ${SIZE - 1}`] });

    expect(await outcome(bytes)).toEqual(['body must be valid JSON', 0]);
  });

  it('of 0 gets 400', async () => {
    const bytes = orderBytes(api, { body: '', framing: ['Content-Length: 0'] });

    expect(await outcome(bytes)).toEqual(['body must be a JSON object', 0]);
  });

  it('over 1 MiB gets 413 before the body is sent', async () => {
    const bytes = orderBytes(api, { body: '', framing: ['Content-Length: 1048577'] });

    expect(await outcome(bytes)).toEqual(['body must not be larger than 1 MiB', 0]);
  });

  it('that is missing, without chunks, means no body', async () => {
    const bytes = orderBytes(api, { body: '', framing: [] });

    expect(await outcome(bytes)).toEqual(['body must be a JSON object', 0]);
  });
});

describe('chunks', () => {
  it.each([
    ['in one piece', `${chunk(BODY)}0\r\n\r\n`],
    [
      'in many pieces',
      `${BODY.match(/.{1,7}/gs)!
        .map(chunk)
        .join('')}0\r\n\r\n`,
    ],
    ['with an extension', `${SIZE.toString(16)};name=value\r\n${BODY}\r\n0\r\n\r\n`],
    ['with trailers', `${chunk(BODY)}0\r\nx-checksum: 1\r\nx-more: 2\r\n\r\n`],
    ['with a trailer named like our header', `${chunk(BODY)}0\r\ncv-api-key: nobody\r\n\r\n`],
  ])('%s are joined', async (_what, body) => {
    expect(await outcome(orderBytes(api, { body, framing: CHUNKED }))).toEqual([200, 1]);
  });

  it.each([
    ['without a length', `${BODY}\r\n0\r\n\r\n`],
    ['of a negative length', `-5\r\n${BODY}\r\n0\r\n\r\n`],
    ['of a length beyond 64 bits', `${'f'.repeat(17)}\r\n${BODY}\r\n0\r\n\r\n`],
    ['longer than their length', `5\r\n${BODY}\r\n0\r\n\r\n`],
    ['with garbage after the order', `${chunk(BODY)}garbage\r\n\r\n`],
  ])('%s get 400, and nothing is stored', async (_what, body) => {
    expect(await outcome(orderBytes(api, { body, framing: CHUNKED }))).toEqual([NOT_HTTP, 0]);
  });

  it('without the last chunk get 400 when the client disconnects, and nothing is stored', async () => {
    const bytes = orderBytes(api, { body: chunk(BODY), framing: CHUNKED });

    expect(await outcome(bytes, { end: true })).toEqual([NOT_HTTP, 0]);
  });

  it('over 1 MiB get 413', async () => {
    const body = `${chunk(' '.repeat(600_000)).repeat(2)}0\r\n\r\n`;

    expect(await outcome(orderBytes(api, { body, framing: CHUNKED }))).toEqual([
      'body must not be larger than 1 MiB',
      0,
    ]);
  });

  it.each([
    ['gzip, chunked', 'Transfer-Encoding must be chunked'],
    ['chunked, chunked', NOT_HTTP],
    ['chunked, gzip', NOT_HTTP],
    ['identity', NOT_HTTP],
    ['xchunked', NOT_HTTP],
  ])('with the Transfer-Encoding %s are refused', async (coding, error) => {
    const framing = [`Transfer-Encoding: ${coding}`];

    expect(await outcome(orderBytes(api, { body: `${chunk(BODY)}0\r\n\r\n`, framing }))).toEqual([
      error,
      0,
    ]);
  });
});

describe('data after an order on its connection', () => {
  const kept = () => orderBytes(api).replace('Connection: close\r\n', '');

  it('gets its own 400 when it is not a request: the order is stored and gets its 200', async () => {
    expect(await outcome(`${kept()}{"more":1}`)).toEqual([200, NOT_HTTP, 1]);
    expect(await outcome(`${kept()}${kept()}x`)).toEqual([200, 200, NOT_HTTP, 3]);
  });

  it('is answered after it', async () => {
    const noOrder = orderBytes(api, { body: '{}' }).replace('Connection: close\r\n', '');

    expect(await outcome(`${noOrder}\r\n\r\n${orderBytes(api)}`)).toEqual([
      'action is required',
      200,
      1,
    ]);
  });

  it('is read after a body that the route ignores', async () => {
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
    expect(await outcome(`GET /healthz ${version}\r\nHost: x\r\n\r\n`)).toEqual([NOT_HTTP, 0]);
  });
});

it('a client that resets its connection while sending leaves no order and no error in the log', async () => {
  const bytes = orderBytes(api, { body: BODY, framing: [`Content-Length: ${SIZE + 1}`] });

  expect(await outcome(bytes, { silenceMs: 100 })).toEqual([0]);
});
