import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { securityHeaders } from '../../../src/http/edge/security-headers.ts';
import { answersIn, orderBytes, sendRaw } from '../../support/raw-http.ts';
import { SECURITY_HEADERS, securityHeadersOf } from '../../support/security-headers.ts';
import { storeDocument } from '../../support/stored-document.ts';
import { exampleWithoutKey, startTestApi, type TestApi } from '../../support/test-api.ts';

// access-matrix.test.ts checks these headers on the routes of the table; this file checks the rest.

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

describe('the security headers are on the response to', () => {
  it.each([
    ['an unknown route', 'GET', '/nothing', 404],
    ['another method', 'DELETE', '/api/v1/orders', 405],
    ['a HEAD', 'HEAD', '/healthz', 200],
    ['a malformed URL', 'GET', '/api/v1/orders/%zz', 400],
    ['a malformed path parameter', 'GET', '/api/v1/cases/%zz/orders', 400],
  ])('%s', async (_what, method, path, status) => {
    const answer = await api.send(method, path);

    expect(answer.status).toBe(status);
    expect(securityHeadersOf(answer)).toEqual(SECURITY_HEADERS);
  });

  it.each([
    ['bytes that are not HTTP', 'nonsense\r\n\r\n', 400],
    ['a head that is too large', `GET / HTTP/1.1\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ['a request without a Host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
    [
      'an unknown expectation',
      'POST / HTTP/1.1\r\nHost: x\r\nExpect: 200-ok\r\nContent-Length: 0\r\n\r\n',
      417,
    ],
  ])('%s', async (_what, bytes, status) => {
    const [answer] = answersIn(await sendRaw(api.app.url, bytes));

    expect(answer?.status).toBe(status);
    const lines = answer?.head.split('\r\n').slice(1) ?? [];
    const headers = new Headers(lines.filter((line) => line !== '').map(fieldOf));
    expect(securityHeadersOf({ headers })).toEqual(SECURITY_HEADERS);
  });

  it('a malformed body, and to an order', async () => {
    const bytes = [orderBytes(api, { body: '{' }), orderBytes(api)];
    for (const [index, status] of [400, 200].entries()) {
      const [answer] = answersIn(await sendRaw(api.app.url, bytes[index]!));

      expect(answer?.status).toBe(status);
      expect(answer?.head).toContain('no-store');
    }
  });

  it('a document: whole, in part, out of range and not modified', async () => {
    const orderId = (await api.place(exampleWithoutKey())).json.data.order.id as string;
    const { id, sha256 } = await storeDocument(api, orderId, { name: 'label.pdf' });
    const path = `/api/v1/cases/${api.organization.caseId}/orders/${orderId}/documents/${id}`;
    for (const [headers, status] of [
      [{}, 200],
      [{ range: 'bytes=0-1' }, 206],
      [{ range: 'bytes=99999999-' }, 416],
      [{ 'if-none-match': `"${sha256}"` }, 304],
    ] as const) {
      const answer = await fetch(api.app.url + path, {
        headers: { 'cv-api-key': api.organization.apiKey, ...headers },
      });
      await answer.arrayBuffer();

      expect(answer.status).toBe(status);
      expect(securityHeadersOf(answer)).toEqual(SECURITY_HEADERS);
    }
  });
});

function fieldOf(line: string): [string, string] {
  const at = line.indexOf(':');
  return [line.slice(0, at), line.slice(at + 1)];
}

it('a server that clients reach over HTTP sends no Strict-Transport-Security', () => {
  const { 'strict-transport-security': https, ...rest } = SECURITY_HEADERS;

  expect(securityHeaders('http://127.0.0.1:3000')).toEqual(rest);
  expect(securityHeaders('https://orders.example.com')).toEqual(SECURITY_HEADERS);
  expect(https).toBe('max-age=31536000');
});
