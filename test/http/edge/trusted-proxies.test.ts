import { afterEach, describe, expect, it } from 'vitest';
import { PUBLIC_URL } from '../../support/app.ts';
import { storeDocument } from '../../support/stored-document.ts';
import { exampleWithoutKey, startTestApi, type TestApi } from '../../support/test-api.ts';

let api: TestApi;
afterEach(() => api.close());

/** The source address that the audit log records for a read with these headers. */
async function sourceOf(headers: Record<string, string>): Promise<unknown> {
  expect((await api.get('/api/v1/orders', headers)).status).toBe(200);
  const [row] = await api.database`SELECT source FROM audit_log ORDER BY id DESC LIMIT 1`;
  return row?.['source'];
}

describe('without trusted proxies', () => {
  it('forwarding headers are ignored', async () => {
    api = await startTestApi();
    expect(await sourceOf({ 'x-forwarded-for': '192.0.2.1', forwarded: 'for=192.0.2.1' })).toBe(
      '127.0.0.1',
    );
  });

  it('a new forged address for each attempt does not avoid the limit', async () => {
    api = await startTestApi({ http: { failureLimits: { burst: 2, perSecond: 0.01 } } });
    const statuses: number[] = [];
    for (const n of [1, 2, 3, 4]) {
      const headers = { 'cv-api-key': 'guess', 'x-forwarded-for': `192.0.2.${n}` };
      statuses.push((await api.send('GET', '/api/v1/orders', { headers })).status);
    }
    expect(statuses).toEqual([401, 401, 429, 429]);
  });
});

describe('behind trusted proxies', () => {
  it('the source is the right-most address that is not a trusted proxy', async () => {
    api = await startTestApi({ http: { trustedProxies: ['127.0.0.1', '10.0.0.0/8'] } });
    for (const [forwarded, source] of [
      ['192.0.2.1', '192.0.2.1'],
      ['203.0.113.9, 192.0.2.1', '192.0.2.1'],
      ['203.0.113.9, 192.0.2.1, 10.1.2.3', '192.0.2.1'],
      ['192.0.2.1:4711', '192.0.2.1'],
      ['2001:db8::1', '2001:db8::1'],
      // A malformed entry is never the source, and neither is any entry before it.
      ['192.0.2.1, <script>alert(1)</script>', '127.0.0.1'],
      ['192.0.2.1, unknown, 10.1.2.3', '10.1.2.3'],
      ['', '127.0.0.1'],
    ] as const) {
      expect([forwarded, await sourceOf({ 'x-forwarded-for': forwarded })]).toEqual([
        forwarded,
        source,
      ]);
    }
  });

  it('an unlisted proxy is the source itself', async () => {
    api = await startTestApi({ http: { trustedProxies: ['10.0.0.0/8'] } });
    expect(await sourceOf({ 'x-forwarded-for': '192.0.2.1' })).toBe('127.0.0.1');
  });

  it('failed attempts are counted for each client', async () => {
    const failureLimits = { burst: 1, perSecond: 0.01 };
    api = await startTestApi({ http: { trustedProxies: ['127.0.0.1'], failureLimits } });
    const guess = async (from: string) => {
      const headers = { 'cv-api-key': 'guess', 'x-forwarded-for': from };
      return (await api.send('GET', '/api/v1/orders', { headers })).status;
    };
    expect([await guess('192.0.2.1'), await guess('192.0.2.1')]).toEqual([401, 429]);
    expect(await guess('192.0.2.2')).toBe(401);
  });

  it('links and headers use PUBLIC_URL, whatever host is forwarded', async () => {
    api = await startTestApi({ http: { trustedProxies: ['127.0.0.1'] } });
    const headers = {
      'x-forwarded-host': 'evil.example.com',
      'x-forwarded-proto': 'http',
      'x-forwarded-for': '192.0.2.1',
    };
    const placed = await api.place(exampleWithoutKey(), { headers });
    expect(placed.headers.get('strict-transport-security')).not.toBeNull();
    await storeDocument(api, placed.json.data.order.id);
    const path = `/api/v1/customer-case-detail?includeAttachments=true&caseId=${api.organization.caseId}`;
    const { text } = await api.get(path, headers);
    expect(text).toContain(`${PUBLIC_URL}/documents/`);
    expect(text).not.toContain('evil');
  });
});
