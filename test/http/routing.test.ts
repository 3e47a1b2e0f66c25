import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp } from '../support/app.ts';
import { sendRaw } from '../support/raw-http.ts';
import { exampleWithKey, sendTo, startTestApi, type TestApi } from '../support/test-api.ts';

const UP = { postgres: 'up', schema: 'current', temporal: 'up', documents: 'up' };

let api: TestApi;
/** The check of Temporal that `/readyz` calls. */
let temporal: () => Promise<void> = async () => {};
beforeAll(async () => {
  api = await startTestApi({ checkTemporal: () => temporal() });
});
afterAll(() => api.close());

describe('an unknown route', () => {
  it.each([
    ['GET', '/'],
    ['GET', '/api/v1'],
    ['POST', '/api/v1/cases'],
    ['POST', '/api/v2/cases/x'],
    ['GET', '/api/v1/cases/x/orders/y/z'],
    ['DELETE', '/nothing'],
    ['GET', '/healthz/'],
    ['GET', '/HEALTHZ'],
    ['GET', `/${'x'.repeat(8_000)}`],
    ['GET', '/%00'],
    ['POST', '/webhooks/pharmacies'],
    ['GET', '/../../etc/passwd'],
  ])('%s %s gets 404', async (method, path) => {
    const answer = await api.send(method, path);

    expect(answer.status).toBe(404);
    expect(answer.json).toEqual({
      status: 404,
      success: false,
      message: 'Not found',
      error: 'no such route',
    });
  });

  it('gets 404 whatever the type of its body', async () => {
    const answer = await api.send('POST', '/nothing', {
      headers: { 'content-type': 'text/csv' },
      body: 'a,b',
    });

    expect(answer.status).toBe(404);
  });
});

it.each(['/api/v1/cases/%zz', '/api/v1/cases/%', '/api/v1/cases/x/orders/%c3%28', '/%ff'])(
  'gets 400 for the malformed URL %s',
  async (path) => {
    const method = path.includes('orders') ? 'GET' : 'POST';
    const answer = await api.send(method, path, {
      headers: { 'cv-api-key': api.organization.apiKey, 'content-type': 'application/json' },
      ...(method === 'POST' ? { body: {} } : {}),
    });

    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({
      message: 'Invalid request',
      error: 'the URL is malformed',
    });
  },
);

describe('a known route with another method', () => {
  const READ = 'GET, HEAD';
  it.each([
    ['/api/v1/cases/x', 'POST, PUT', ['GET', 'HEAD', 'PATCH', 'DELETE', 'OPTIONS']],
    ['/api/v1/cases/x/orders/y', READ, ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']],
    ['/api/v1/cases/x/orders/y/documents', READ, ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']],
    ['/api/v1/cases/x/orders/y/documents/z', READ, ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']],
    ['/webhooks/pharmacies/x', 'POST', ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']],
    ['/healthz', READ, ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']],
    ['/readyz', READ, ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']],
  ])('%s gets 405 with Allow: %s', async (path, allowed, methods) => {
    for (const method of methods) {
      const hasBody = !['GET', 'HEAD', 'OPTIONS'].includes(method);
      const answer = await api.send(method, path, hasBody ? { body: 'not { json' } : {});

      expect([method, answer.status]).toEqual([method, 405]);
      expect(answer.headers.get('allow')).toBe(allowed);
      if (method === 'HEAD') continue;
      expect(answer.json).toEqual({
        status: 405,
        success: false,
        message: 'Method not allowed',
        error: 'method not allowed',
      });
    }
  });
});

describe('health', () => {
  it('is 200 while the process responds', async () => {
    expect(await api.send('GET', '/healthz')).toMatchObject({
      status: 200,
      json: { status: 200, success: true },
    });
  });

  it('reports all dependencies as up', async () => {
    temporal = async () => {};

    expect(await api.send('GET', '/readyz')).toMatchObject({
      status: 200,
      json: { status: 200, success: true, data: UP },
    });
  });

  it('stays ready while Temporal is unreachable, and reports it', async () => {
    temporal = () => Promise.reject(new Error('connect ECONNREFUSED 10.0.0.1:7233'));

    const answer = await api.send('GET', '/readyz');

    expect(answer).toMatchObject({
      status: 200,
      json: { success: true, data: { postgres: 'up', temporal: 'down' } },
    });
    expect(answer.text).not.toContain('10.0.0.1');
  });

  it('stays ready and accepts orders while the bucket of documents is unreachable, and reports it', async () => {
    temporal = async () => {};
    const app = await startApp(api.asServer, {
      documents: {
        ...{ bucket: 'documents', region: 'us-east-1', endpoint: 'http://127.0.0.1:1' },
        credentials: { accessKeyId: 'test-access', secretAccessKey: 'test-secret-of-tests' },
      },
    });

    expect(await sendTo(app.url, 'GET', '/readyz')).toMatchObject({
      status: 200,
      json: {
        message: 'Ready, without the store of documents',
        data: { ...UP, documents: 'down' },
      },
    });
    expect(app.log.lines).toContainEqual(
      expect.objectContaining({
        message: 'documents cannot be read',
        fields: { code: 'DOCUMENT_STORE_ECONNREFUSED' },
      }),
    );
    const url = `/api/v1/cases/${api.organization.caseId}`;
    const headers = { 'cv-api-key': api.organization.apiKey, 'content-type': 'application/json' };
    const body = exampleWithKey('bucket-unreachable');
    expect((await sendTo(app.url, 'POST', url, { headers, body })).status).toBe(200);
    await app.close();
  });

  it('accepts orders while Temporal is unreachable', async () => {
    temporal = () => Promise.reject(new Error('unreachable'));

    expect((await api.place(exampleWithKey('temporal-unreachable'))).status).toBe(200);
  });
});

it('the sandbox refuses a page that made its own name resolve to this machine (DNS rebinding)', async () => {
  const app = await startApp(api.asServer, { onlyLocalHosts: true });
  const answerTo = async (host: string, path = '/docs') =>
    await sendRaw(app.url, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);

  for (const host of [
    ...['localhost', 'LOCALHOST:3000', 'rx.localhost', 'localhost.', '127.0.0.1:3000'],
    ...['127.9.9.9', '[::1]:3000', 'orders.example.com'], // the last one is that of PUBLIC_URL
  ]) {
    expect(await answerTo(host)).toMatch(/^HTTP\/1\.1 200 /);
  }
  for (const host of [
    ...['rebound.example.com:3000', 'localhost.example.com', '127.0.0.1.example.com', '0.0.0.0'],
    ...['localhost@evil.example.com', '192.168.1.2', 'a b', ''],
  ]) {
    expect(await answerTo(host)).toMatch(/^HTTP\/1\.1 4(21|00) /);
    expect(await answerTo(host, '/api/v1/orders')).toMatch(/^HTTP\/1\.1 4(21|00) /);
  }
  expect(await answerTo('rebound.example.com')).toContain('"status":421');
  await app.close();
});
