import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import {
  NotReadyError,
  PharmacyFaultError,
  PharmacyUnavailableError,
} from '../../../src/pharmacy/pharmacy-errors.ts';
import {
  downloadLink,
  FORBIDDEN,
  openLink,
  sentSecret,
  useDocumentServers,
} from './document-servers.ts';
import { errorOf, text } from './fake-pharmacy.ts';

const servers = useDocumentServers();

describe('a link to another server', () => {
  it('is opened without credentials, and with its whole query', async () => {
    const bytes = randomBytes(300_000);
    servers.storage.answer((response) =>
      response.writeHead(200, { 'content-type': 'application/pdf;v=1' }).end(bytes),
    );
    const link = `${servers.storage.url}/bucket/a%20b?X-Amz-Expires=900&X-Amz-Signature=abc%2F`;

    expect((await downloadLink(servers, link)).equals(bytes)).toBe(true);
    expect((await openLink(servers, link)).contentType).toBe('application/pdf');
    expect(servers.storage.seen[0]).toMatchObject({
      method: 'GET',
      url: '/bucket/a%20b?X-Amz-Expires=900&X-Amz-Signature=abc%2F',
    });
    expect(Object.keys(servers.storage.seen[0]?.headers ?? {}).sort()).toEqual([
      'accept',
      'accept-encoding',
      'connection',
      'host',
    ]);
    expect(servers.pharmacy.seen).toEqual([]);
  });

  it('is another server in every form that is not the own origin', async () => {
    servers.storage.answer(text(200, 'the bytes'));
    const { host, port } = new URL(servers.storage.url);
    const links = [
      `//${host}/a`,
      `\\\\${host}\\a`,
      `http://localhost:${port}/a`,
      `HTTP://${host}/a`,
    ];
    for (const link of links)
      expect((await downloadLink(servers, link)).toString()).toBe('the bytes');
    expect(servers.storage.seen).toHaveLength(links.length);
    expect(sentSecret(servers.storage)).not.toContain(true);
    expect(servers.pharmacy.seen).toEqual([]);
  });

  it('is refused with a user name, which may be the own host', async () => {
    const own = new URL(servers.pharmacy.url).host;
    const { host } = new URL(servers.storage.url);
    for (const link of [`http://${own}@${host}/a`, `http://a:b@${host}/a`, `http://:b@${host}/a`]) {
      expect(await errorOf(openLink(servers, link))).toEqual(FORBIDDEN);
    }
    expect([...servers.storage.seen, ...servers.pharmacy.seen]).toEqual([]);
  });

  it('fails over TLS on a server without TLS, and stays retryable', async () => {
    const own = new URL(servers.pharmacy.url).host;
    expect(await errorOf(openLink(servers, `https://${own}/a`))).toBeInstanceOf(
      PharmacyUnavailableError,
    );
    expect(servers.pharmacy.seen).toEqual([]);
  });

  it.each([202, 204, 400, 401, 403, 404, 409, 410])(
    'is retried with a fresh link when it is answered %i',
    async (status) => {
      servers.storage.answer(text(status, '', { 'retry-after': '4' }));
      const error = await errorOf(openLink(servers, `${servers.storage.url}/a`));
      expect(error).toBeInstanceOf(NotReadyError);
      expect(error).toMatchObject({ code: `PHARMACY_HTTP_${status}`, retryAfterMs: 4_000 });
    },
  );

  it.each([408, 423, 425, 429, 500, 503])('is retried after %i', async (status) => {
    servers.storage.answer(text(status, 'Sam Sample'));
    const error = await errorOf(openLink(servers, `${servers.storage.url}/a`));
    expect(error).toEqual(new PharmacyUnavailableError(`PHARMACY_HTTP_${status}`));
  });

  it.each([206, 304, 405, 416, 418])('reports a fault when it is answered %i', async (status) => {
    servers.storage.answer(text(status, status === 304 ? '' : 'x'));
    const error = await errorOf(openLink(servers, `${servers.storage.url}/a`));
    expect(error).toEqual(new PharmacyFaultError(`PHARMACY_HTTP_${status}`));
  });

  it('is retried when the server switches protocols in place of an answer', async () => {
    servers.storage.answer((response) =>
      response.socket?.write('HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'),
    );
    const error = await errorOf(
      openLink(servers, `${servers.storage.url}/a`, { timeoutMs: 2_000 }),
    );
    expect(error).toBeInstanceOf(PharmacyUnavailableError);
  });

  it('is retried when the server refuses the connection', async () => {
    await servers.storage.close();
    expect(await errorOf(openLink(servers, `${servers.storage.url}/a`))).toEqual(
      new PharmacyUnavailableError('PHARMACY_ECONNREFUSED'),
    );
  });

  it.each([
    ['before its announced length', { 'content-length': '1000' }],
    ['inside a chunked body', { 'transfer-encoding': 'chunked' }],
  ])('is retried when the answer is cut off %s', async (_, headers) => {
    servers.storage.answer((response) => {
      response.writeHead(200, headers);
      response.write('half a document', () => response.socket?.destroy());
    });
    expect(await errorOf(downloadLink(servers, `${servers.storage.url}/a`))).toBeInstanceOf(
      PharmacyUnavailableError,
    );
  });
});

describe('time-outs of another server', () => {
  const hang = () => {};
  const half = (response: ServerResponse) => {
    response.writeHead(200, { 'content-length': 1_000 });
    response.write('half a document');
  };

  it.each([
    ['no answer begins', hang],
    ['the bytes stop', half],
  ])('end the download when %s', async (_, answer) => {
    servers.storage.answer(answer);
    const error = await errorOf(
      downloadLink(servers, `${servers.storage.url}/a`, { timeoutMs: 100 }),
    );
    expect(error).toEqual(new PharmacyUnavailableError('PHARMACY_TIMEOUT'));
  });

  it('restart with every byte', async () => {
    servers.storage.answer((response) => {
      let sent = 0;
      const timer = setInterval(() => {
        response.write('x');
        sent += 1;
        if (sent < 20) return;
        clearInterval(timer);
        response.end();
      }, 100);
    });
    expect(
      await downloadLink(servers, `${servers.storage.url}/a`, { timeoutMs: 1_500 }),
    ).toHaveLength(20);
  });

  it.each([
    ['before the answer', hang],
    ['during the answer', half],
  ])('do not matter when the caller aborts %s', async (_, answer) => {
    const caller = new AbortController();
    servers.storage.answer((response, request) => {
      answer(response);
      expect(request.method).toBe('GET');
      setTimeout(() => caller.abort(new Error('cancelled')), 50);
    });
    const aborted = downloadLink(servers, `${servers.storage.url}/a`, {
      signal: caller.signal,
      timeoutMs: 60_000,
    });
    await expect(aborted).rejects.toThrow();
  });
});
