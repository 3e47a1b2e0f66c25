import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  PharmacyFaultError,
  PharmacyUnavailableError,
} from '../../../src/pharmacy/pharmacy-errors.ts';
import { createRestGateway } from '../../../src/pharmacy/rest-gateway.ts';
import {
  documentAt,
  errorOf,
  type FakePharmacy,
  startFakePharmacy,
  text,
  unaborted,
} from './fake-pharmacy.ts';

let pharmacy: FakePharmacy;

beforeEach(async () => {
  pharmacy = await startFakePharmacy();
});
afterEach(() => pharmacy.close());

async function download(url: string, signal = unaborted(), timeoutMs = 5_000): Promise<Buffer> {
  const baseUrl = `${pharmacy.url}/v1`;
  const gateway = createRestGateway({ baseUrl, token: 'synthetic-token', timeoutMs });
  const chunks: Uint8Array[] = [];
  for await (const chunk of await gateway.download(documentAt(url), signal)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('download', () => {
  it('returns the bytes unchanged and sends the bearer token', async () => {
    const bytes = randomBytes(300_000);
    pharmacy.answer((response) => response.writeHead(200).end(bytes));
    expect((await download(`${pharmacy.url}/documents/1`)).equals(bytes)).toBe(true);
    expect(pharmacy.seen[0]).toMatchObject({
      method: 'GET',
      url: '/documents/1',
      headers: { authorization: 'Bearer synthetic-token' },
    });
  });

  it('returns an empty document', async () => {
    pharmacy.answer(text(200, ''));
    expect(await download(`${pharmacy.url}/documents/1`)).toHaveLength(0);
  });

  it('resolves a relative URL against the base URL', async () => {
    pharmacy.answer(text(200, 'x'));
    await download('documents/1');
    await download('/documents/1');
    expect(pharmacy.seen.map(({ url }) => url)).toEqual(['/v1/documents/1', '/documents/1']);
  });

  it('refuses a URL on another server in any form', async () => {
    const other = await startFakePharmacy();
    try {
      const { host, port } = new URL(other.url);
      const own = new URL(pharmacy.url).host;
      const foreign = [
        `${other.url}/documents/1`,
        `//${host}/documents/1`,
        `\\\\${host}\\documents\\1`,
        `http://${own}@${host}/documents/1`,
        `http://localhost:${port}/documents/1`,
        `https://${own}/documents/1`,
        'file:///etc/passwd',
        'data:text/plain,hello',
      ];
      for (const url of foreign) {
        expect(await errorOf(download(url))).toEqual(
          new PharmacyFaultError('DOCUMENT_URL_FOREIGN'),
        );
      }
      expect(other.seen).toEqual([]);
      expect(pharmacy.seen).toEqual([]);
    } finally {
      await other.close();
    }
  });

  it('reports a fault for a malformed URL', async () => {
    const error = await errorOf(download('http://['));
    expect(error).toEqual(new PharmacyFaultError('DOCUMENT_URL_MALFORMED'));
  });

  it('does not follow a redirect', async () => {
    const other = await startFakePharmacy();
    try {
      pharmacy.answer(text(302, '', { location: `${other.url}/documents/1` }));
      const error = await errorOf(download('/documents/1'));
      expect(error).toEqual(new PharmacyFaultError('PHARMACY_HTTP_302'));
      expect(other.seen).toEqual([]);
    } finally {
      await other.close();
    }
  });

  it.each([401, 404, 410])('reports a fault when it is answered %i', async (status) => {
    pharmacy.answer(text(status, 'gone'));
    const error = await errorOf(download('/documents/1'));
    expect(error).toEqual(new PharmacyFaultError(`PHARMACY_HTTP_${status}`));
  });

  it('is retried after 503', async () => {
    pharmacy.answer(text(503, '', { 'retry-after': '2' }));
    const error = await errorOf(download('/documents/1'));
    expect(error).toMatchObject({ code: 'PHARMACY_HTTP_503', retryAfterMs: 2_000 });
  });

  it.each([
    ['before its announced length', { 'content-length': '1000' }],
    ['inside a chunked body', { 'transfer-encoding': 'chunked' }],
  ])('is retried when it is cut off %s', async (_, headers) => {
    pharmacy.answer((response) => {
      response.writeHead(200, headers);
      response.write('half a document', () => response.socket?.destroy());
    });
    expect(await errorOf(download('/documents/1'))).toBeInstanceOf(PharmacyUnavailableError);
  });

  it('times out when the bytes stop', async () => {
    pharmacy.answer((response) => {
      response.writeHead(200, { 'content-length': 1_000 });
      response.write('half a document');
    });
    const error = await errorOf(download('/documents/1', unaborted(), 100));
    expect(error).toMatchObject({ code: 'PHARMACY_TIMEOUT' });
  });

  it('may take longer than the time-out while bytes arrive', async () => {
    pharmacy.answer((response) => {
      response.writeHead(200);
      let sent = 0;
      const timer = setInterval(() => {
        response.write('x');
        sent += 1;
        if (sent < 12) return;
        clearInterval(timer);
        response.end();
      }, 50);
    });
    expect(await download('/documents/1', unaborted(), 400)).toHaveLength(12);
  });

  it('ends when the caller aborts it', async () => {
    const caller = new AbortController();
    pharmacy.answer((response) => {
      response.writeHead(200, { 'content-length': 1_000 });
      response.write('half a document', () => caller.abort(new Error('cancelled')));
    });
    await expect(download('/documents/1', caller.signal, 60_000)).rejects.toThrow();
  });

  it('closes the connection when the reader stops early', async () => {
    const closed = new Promise<void>((resolve) => {
      pharmacy.answer((response) => {
        response.on('close', resolve);
        response.writeHead(200);
        response.write('endless');
      });
    });
    const baseUrl = pharmacy.url;
    const gateway = createRestGateway({ baseUrl, token: 'synthetic-token', timeoutMs: 60_000 });
    const bytes = await gateway.download(documentAt('/documents/1'), unaborted());
    let read = 0;
    for await (const chunk of bytes) {
      read += chunk.byteLength;
      break;
    }
    expect(read).toBeGreaterThan(0);
    await closed;
  });
});
