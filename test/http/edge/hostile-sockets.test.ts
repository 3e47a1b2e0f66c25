import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { answersIn, sendRaw } from '../../support/raw-http.ts';
import { startTestApi, type TestApi } from '../../support/test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const HOST = 'Host: 127.0.0.1\r\n';
const PLACE = `POST /api/v1/cases/x HTTP/1.1\r\n${HOST}Content-Type: application/json\r\n`;

it.each<[what: string, bytes: string | Buffer]>([
  ['random bytes', randomBytes(2_000)],
  ['a TLS greeting', Buffer.from('16030100c8010000c40303', 'hex')],
  ['an HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['a line without a version', 'GET /healthz\r\n\r\n'],
  ['an unknown version', `GET /healthz HTTP/9.9\r\n${HOST}\r\n`],
  ['an unknown method', `BREW /healthz HTTP/1.1\r\n${HOST}\r\n`],
  ['no Host', 'GET /healthz HTTP/1.1\r\n\r\n'],
  ['two Hosts', `GET /healthz HTTP/1.1\r\n${HOST}${HOST}\r\n`],
  ['NUL in a header', `GET /healthz HTTP/1.1\r\n${HOST}cv-api-key: a\0b\r\n\r\n`],
  ['NUL in the URL', `GET /health\0z HTTP/1.1\r\n${HOST}\r\n`],
  [
    'a header of 64 KiB',
    `GET /healthz HTTP/1.1\r\n${HOST}cv-api-key: ${'k'.repeat(65_536)}\r\n\r\n`,
  ],
  ['a URL of 64 KiB', `GET /${'x'.repeat(65_536)} HTTP/1.1\r\n${HOST}\r\n`],
  ['5,000 headers', `GET /healthz HTTP/1.1\r\n${HOST}${'a: b\r\n'.repeat(5_000)}\r\n`],
  ['a negative length', `${PLACE}Content-Length: -1\r\n\r\n`],
  ['a length that is not a number', `${PLACE}Content-Length: 1e3\r\n\r\n`],
  ['two lengths', `${PLACE}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`],
  [
    'a length and chunks',
    `${PLACE}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  ['invalid chunks', `${PLACE}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n`],
  ['an unknown encoding', `${PLACE}Transfer-Encoding: gzip\r\n\r\n{}`],
  ['a line feed in place of a line end', 'GET /healthz HTTP/1.1\nHost: x\nA : b\n\n'],
  ['a tunnel', `CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n`],
  ['an unknown expectation', `${PLACE}Expect: 200-maybe\r\nContent-Length: 2\r\n\r\n{}`],
  ['an asterisk', `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`],
  ['another host’s URL', `GET http://example.com/x HTTP/1.1\r\n${HOST}\r\n`],
  ['a path out of the root', `GET /../../etc/passwd HTTP/1.1\r\n${HOST}\r\n`],
  ['a TRACE', `TRACE /healthz HTTP/1.1\r\n${HOST}\r\n`],
])('answers %s with an envelope or closes the socket', async (_what, bytes) => {
  const received = await sendRaw(api.app.url, bytes, { silenceMs: 300 });

  for (const { status } of answersIn(received)) expect(status).toBeLessThan(500);
  expect((await api.send('GET', '/healthz')).status).toBe(200);
});

it('survives clients that disconnect during a request', async () => {
  const parts = [
    'POST /api/v1/ca',
    `${PLACE}Content-Le`,
    `${PLACE}cv-api-key: ${api.organization.apiKey}\r\nContent-Length: 5000\r\n\r\n{"action":`,
    `${PLACE}cv-api-key: ${api.organization.apiKey}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"a`,
  ];

  await Promise.all(parts.map((part) => sendRaw(api.app.url, part, { end: true })));

  expect((await api.send('GET', '/healthz')).status).toBe(200);
  expect(await api.count('orders')).toBe(0);
});

it('does not mistake a disconnected client for a database outage', async () => {
  const half = `${PLACE}cv-api-key: ${api.organization.apiKey}\r\nContent-Length: 5000\r\n\r\n{`;

  await sendRaw(api.app.url, half, { silenceMs: 200 });

  expect((await api.send('GET', '/healthz')).status).toBe(200);
  expect(api.app.log.lines.filter(({ level }) => level !== 'info')).toEqual([]);
});

it('answers an upgrade request like any other request', async () => {
  const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
  const received = await sendRaw(api.app.url, `GET /healthz HTTP/1.1\r\n${HOST}${upgrade}\r\n`, {
    silenceMs: 300,
  });

  expect(answersIn(received)).toMatchObject([{ status: 200 }]);
});

it('answers each of several requests in one packet', async () => {
  const one = `GET /healthz HTTP/1.1\r\n${HOST}\r\n`;
  const last = `GET /healthz HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`;

  const received = await sendRaw(api.app.url, one.repeat(4) + last);

  expect(received.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(5);
});

it.each([
  ['a request without Host', 'GET /healthz HTTP/1.1\r\n\r\n', 400, 'Host is required'],
  [
    'an unknown expectation',
    `${PLACE}Expect: 200-maybe\r\nContent-Length: 0\r\n\r\n`,
    417,
    'Expect must be 100-continue',
  ],
  [
    'a header that is too large',
    `GET /healthz HTTP/1.1\r\n${HOST}cv-api-key: ${'k'.repeat(20_000)}\r\n\r\n`,
    431,
    'the headers are too large',
  ],
  ['bytes that are not HTTP', 'hello\r\n\r\n', 400, 'the request is not valid HTTP'],
])('names the problem of %s', async (_what, bytes, status, error) => {
  const answers = answersIn(await sendRaw(api.app.url, bytes, { silenceMs: 500 }));

  expect(answers).toMatchObject([{ status, json: { error } }]);
});
