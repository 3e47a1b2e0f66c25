import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  NotReadyError,
  PharmacyFaultError,
  PharmacyUnavailableError,
} from '../../../src/pharmacy/pharmacy-errors.ts';
import { createRestGateway } from '../../../src/pharmacy/rest-gateway.ts';
import { LOOPBACK } from '../../support/foreign.ts';
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

const gatewayOf = (timeoutMs: number) =>
  createRestGateway({
    baseUrl: `${pharmacy.url}/v1`,
    token: 'synthetic-token',
    timeoutMs,
    foreign: LOOPBACK,
  });

async function download(url: string, signal = unaborted(), timeoutMs = 5_000): Promise<Buffer> {
  const gateway = gatewayOf(timeoutMs);
  const chunks: Uint8Array[] = [];
  const { bytes } = await gateway.download(documentAt(url), signal);
  for await (const chunk of bytes) chunks.push(chunk);
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

  it('does not send the fragment of a link', async () => {
    pharmacy.answer(text(200, 'x'));
    await download(`${pharmacy.url}/documents/1?page=2#page=3`);
    expect(pharmacy.seen.map(({ url }) => url)).toEqual(['/documents/1?page=2']);
  });

  it.each(['http://[', 'file:///etc/passwd', 'data:text/plain,hello', 'ftp://example.com/a'])(
    'reports a fault for the malformed URL %s',
    async (url) => {
      const error = await errorOf(download(url));
      expect(error).toEqual(new PharmacyFaultError('DOCUMENT_URL_MALFORMED'));
    },
  );

  it('refuses its own URL with a user name or a password', async () => {
    for (const user of ['user@', ':password@', 'user:password@']) {
      const url = pharmacy.url.replace('//', `//${user}`);
      expect(await errorOf(download(`${url}/documents/1`))).toEqual(
        new PharmacyFaultError('DOCUMENT_DESTINATION_FORBIDDEN'),
      );
    }
    expect(pharmacy.seen).toEqual([]);
  });

  it('returns the media type of the answer without its parameters', async () => {
    const gateway = gatewayOf(5_000);
    const typeOf = async (headers: Record<string, string>) => {
      pharmacy.answer(text(200, 'x', headers));
      return (await gateway.download(documentAt('/documents/1'), unaborted())).contentType;
    };
    expect(await typeOf({ 'content-type': 'Application/PDF; charset=binary' })).toBe(
      'application/pdf',
    );
    expect(await typeOf({ 'content-type': 'image/jpg' })).toBe('image/jpeg');
    expect(await typeOf({})).toBeUndefined();
  });

  it.each([202, 204, 403, 404, 409])(
    'is retried for a bounded time when it is answered %i: the file may not be there yet',
    async (status) => {
      pharmacy.answer(text(status, '', { 'retry-after': '3' }));
      const error = await errorOf(download('/documents/1'));
      expect(error).toBeInstanceOf(NotReadyError);
      expect(error).toMatchObject({ code: `PHARMACY_HTTP_${status}`, retryAfterMs: 3_000 });
    },
  );

  it.each([400, 401, 405, 406, 410, 206, 304])(
    'reports a fault when it is answered %i',
    async (status) => {
      pharmacy.answer(text(status, status === 304 ? '' : 'gone'));
      const error = await errorOf(download('/documents/1'));
      expect(error).toEqual(new PharmacyFaultError(`PHARMACY_HTTP_${status}`));
    },
  );

  it.each([408, 423, 425, 429, 500, 502])('is retried after %i', async (status) => {
    pharmacy.answer(text(status, ''));
    const error = await errorOf(download('/documents/1'));
    expect(error).not.toBeInstanceOf(NotReadyError);
    expect(error).toEqual(new PharmacyUnavailableError(`PHARMACY_HTTP_${status}`));
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
    const { bytes } = await gatewayOf(60_000).download(documentAt('/documents/1'), unaborted());
    let read = 0;
    for await (const chunk of bytes) {
      read += chunk.byteLength;
      break;
    }
    expect(read).toBeGreaterThan(0);
    await closed;
  });
});
