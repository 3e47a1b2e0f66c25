import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type StoredTestDocument, storeDocument } from '../../support/stored-document.ts';
import { exampleWithoutKey, startTestApi, type TestApi } from '../../support/test-api.ts';

let api: TestApi;
let orderId: string;
let document: StoredTestDocument;
beforeAll(async () => {
  api = await startTestApi();
  orderId = (await api.place(exampleWithoutKey())).json.data.order.id;
  document = await storeDocument(api, orderId);
});
afterAll(() => api.close());

function download(headers: Record<string, string>, method = 'GET', { id } = document) {
  const path = `/api/v1/cases/${api.organization.caseId}/orders/${orderId}/documents/${id}`;
  return fetch(api.app.url + path, {
    method,
    headers: { 'cv-api-key': api.organization.apiKey, ...headers },
  });
}

describe('a range of a document', () => {
  it.each([
    ['bytes=0-99', 0, 99],
    ['bytes=900-', 900, 999],
    ['bytes=-10', 990, 999],
    ['bytes=990-5000', 990, 999],
  ])('%s is answered with 206 and those bytes', async (range, start, end) => {
    const response = await download({ range });

    expect(response.status).toBe(206);
    expect(response.headers.get('content-range')).toBe(`bytes ${start}-${end}/1000`);
    expect(response.headers.get('content-length')).toBe(String(end - start + 1));
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(bytes.equals(document.bytes.subarray(start, end + 1))).toBe(true);
  });

  it('after the end is answered with 416 in the error envelope', async () => {
    const response = await download({ range: 'bytes=1000-' });

    expect(response.status).toBe(416);
    expect(response.headers.get('content-range')).toBe('bytes */1000');
    expect(await response.json()).toMatchObject({ status: 416, success: false });
  });

  it.each(['bytes=0-1,5-6', 'bytes=a-b', 'lines=1-2', 'bytes=5-1'])(
    'that is not supported, %s, is answered with the whole document or 416',
    async (range) => {
      const response = await download({ range });
      await response.arrayBuffer();
      expect([200, 416]).toContain(response.status);
    },
  );

  it('is honoured only if If-Range has the strong tag of the document', async () => {
    const etag = `"${document.sha256}"`;
    const statuses = [];
    for (const ifRange of [etag, '"other"', `W/${etag}`]) {
      const response = await download({ range: 'bytes=0-9', 'if-range': ifRange });
      await response.arrayBuffer();
      statuses.push(response.status);
    }
    expect(statuses).toEqual([206, 200, 200]);
  });

  it('is described by HEAD, without bytes', async () => {
    const response = await download({ range: 'bytes=0-9' }, 'HEAD');

    expect(response.status).toBe(206);
    expect(response.headers.get('content-length')).toBe('10');
    expect((await response.arrayBuffer()).byteLength).toBe(0);
  });
});

it.each([
  ['the same', (etag: string) => etag, 304],
  ['one of several', (etag: string) => `"x", W/${etag}`, 304],
  ['any', () => '*', 304],
  ['another', () => '"x"', 200],
])('does not send a document again that the client has by %s tag', async (_what, tag, status) => {
  const response = await download({ 'if-none-match': tag(`"${document.sha256}"`) });

  expect(response.status).toBe(status);
  expect((await response.arrayBuffer()).byteLength).toBe(status === 304 ? 0 : 1_000);
});

it.each([
  'plain.pdf',
  'with "quotes" and \\.pdf',
  '../../etc/passwd',
  '処方箋 – Zoë.pdf',
  'line\r\nbreak: x.pdf',
  'tab\tand\u0007bell.pdf',
  `${'long'.repeat(200)}.pdf`,
  '%41;x=y.pdf',
])('puts the name %j into a valid header', async (name) => {
  const stored = await storeDocument(api, orderId, { name });
  const response = await download({}, 'HEAD', stored);
  const header = response.headers.get('content-disposition') ?? '';

  expect(response.status).toBe(200);
  expect(header).toMatch(/^attachment; filename(\*=UTF-8''|=)/);
  expect(header).not.toMatch(/[\r\n]/);
});
