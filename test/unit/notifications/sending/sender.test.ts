import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import type { Lookup } from '../../../../src/egress/destination.ts';
import { bodyOf } from './fake-endpoint.ts';
import { answering, resolvesTo, sender, speaking } from './harness.ts';

const SECRET = 'synthetic-secret';
describe('a request', () => {
  it('arrives whole, at the name, with the headers that were given', async () => {
    let seen:
      | { method?: string; url?: string; headers: IncomingHttpHeaders; body: string }
      | undefined;
    const { port } = await answering((request, response) => {
      void bodyOf(request).then((body) => {
        const { method = '', url = '', headers } = request;
        seen = { method, url, headers, body };
        response.writeHead(202, { 'retry-after': '7' }).end('taken');
      });
    });
    const body = '{"name":"Zoë 𝟙"}';
    const headers = { 'content-type': 'application/json', 'webhook-id': 'msg_1' };
    const result = await sender().post(`http://localhost:${port}/hook?a=1`, headers, body);

    expect(result).toEqual({
      status: 202,
      durationMs: expect.any(Number),
      bodyStart: 'taken',
      retryAfterMs: 7_000,
    });
    expect(seen).toMatchObject({ method: 'POST', url: '/hook?a=1', body });
    expect(seen?.headers).toMatchObject({ ...headers, host: `localhost:${port}` });
    expect(seen?.headers['content-length']).toBe(String(Buffer.byteLength(body)));
  });

  it('keeps what belongs to the connection to itself', async () => {
    let seen: IncomingHttpHeaders = {};
    const endpoint = await answering((request, response) => {
      seen = request.headers;
      response.end();
    });
    const headers = {
      Host: 'inside.example.com',
      'Content-Length': '1',
      'Transfer-Encoding': 'chunked',
      Expect: '100-continue',
      'Proxy-Authorization': 'x',
      'x-kept': 'yes',
    };
    expect(await sender().post(endpoint.url, headers, 'body')).toMatchObject({ status: 200 });
    expect(seen).toEqual({
      host: `127.0.0.1:${endpoint.port}`,
      'accept-encoding': 'identity',
      'content-length': '4',
      connection: 'keep-alive',
      'x-kept': 'yes',
    });
  });

  it.each([301, 302, 303, 307, 308])('follows no redirect: %i', async (status) => {
    const other = await answering((_, response) => response.end());
    const endpoint = await answering((_, response) =>
      response.writeHead(status, { location: other.url }).end(),
    );
    expect(await sender().post(endpoint.url, {}, '')).toMatchObject({ status });
    expect(other.sockets).toEqual([]);
  });

  it('goes by no proxy of the environment', async () => {
    const proxy = await answering((_, response) => response.end());
    const endpoint = await answering((_, response) => response.writeHead(204).end());
    for (const name of ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'ALL_PROXY']) {
      vi.stubEnv(name, `http://127.0.0.1:${proxy.port}`);
    }
    vi.stubEnv('NODE_USE_ENV_PROXY', '1');
    expect(await sender().post(endpoint.url, {}, '')).toMatchObject({ status: 204 });
    expect(proxy.sockets).toEqual([]);
  });

  it('tries the next address where the first takes no connection', async () => {
    const { port } = await answering((_, response) => response.end());
    const lookup = resolvesTo('127.0.0.2', '127.0.0.1');
    const result = await sender({ lookup }).post(`http://localhost:${port}/`, {}, '');
    expect(result).toMatchObject({ status: 200 });
  });

  it('rejects with the reason of the caller who gives it up', async () => {
    const endpoint = await answering(() => undefined);
    const giveUp = new AbortController();
    const post = sender().post(endpoint.url, {}, '', giveUp.signal);
    setTimeout(() => giveUp.abort(new Error('shutting down')), 50);
    await expect(post).rejects.toThrow('shutting down');
    await expect(sender().post(endpoint.url, {}, '', giveUp.signal)).rejects.toThrow('shutting');
  });
});

describe('an answer', () => {
  it('is read to 16 KB, and then the connection is ended', async () => {
    let written = 0;
    const endpoint = await answering((_, response) => {
      const write = () => {
        while (!response.destroyed && response.write('x'.repeat(1_024))) written += 1_024;
      };
      response.on('drain', write);
      write();
    });
    const result = await sender().post(endpoint.url, {}, '');
    expect(result).toMatchObject({ status: 200, bodyStart: 'x'.repeat(1_024) });
    await vi.waitFor(() => expect(endpoint.sockets.every((socket) => socket.destroyed)).toBe(true));
    // What the buffers of two sockets hold, and no more.
    expect(written).toBeLessThan(32 * 1_024 * 1_024);
  });

  it.each([
    ['a\0b\x1b[31mred\x1b[0m', 'a�b�[31mred�[0m'],
    ['one\r\ntwo\tthree\u2028four', 'one  two three four'],
    ['\u202Eevil\u2066\u200B\u0085\u007F', '�evil����'],
    [Buffer.from([0x61, 0xff, 0xfe, 0x62]), 'a��b'],
    [`${'a'.repeat(1_023)}é`, 'a'.repeat(1_023)],
    ['{"ok":true} é 漢 🙂', '{"ok":true} é 漢 🙂'],
  ])('with %j is kept as harmless text', async (body, bodyStart) => {
    const endpoint = await answering((_, response) => response.end(body));
    expect(await sender().post(endpoint.url, {}, '')).toMatchObject({ bodyStart });
  });

  it('that is compressed although the request asked for no coding is not unpacked', async () => {
    const endpoint = await answering((request, response) => {
      expect(request.headers['accept-encoding']).toBe('identity');
      response.writeHead(200, { 'content-encoding': 'gzip' }).end('no gzip');
    });
    expect(await sender().post(endpoint.url, {}, '')).toMatchObject({ bodyStart: 'no gzip' });
  });
});

describe('a failure', () => {
  // Long enough for a busy machine to fail in any other way first.
  const timeoutMs = 1_000;
  const head = 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n';

  it.each<[string, string, string | undefined, (socket: Socket) => void]>([
    ['silence', 'timeout', undefined, () => undefined],
    ['half a head', 'timeout', undefined, (socket) => socket.write('HTTP/1.1 200 OK\r\nx: ')],
    ['half a body', 'timeout', undefined, (socket) => socket.write(`${head}half`)],
    ['an end', 'reset', 'ECONNRESET', (socket) => socket.end()],
    ['an end in the head', 'reset', 'ECONNRESET', (socket) => socket.end('HTTP/1.1 200')],
    ['a reset', 'reset', 'ECONNRESET', (socket) => socket.resetAndDestroy()],
    ['an end in the body', 'reset', 'ECONNRESET', (socket) => socket.end(`${head}half`)],
    ['no HTTP', 'bad_response', 'HPE_INVALID_CONSTANT', (socket) => socket.end('220 smtp\r\n')],
    [
      'too many headers',
      'bad_response',
      'HPE_HEADER_OVERFLOW',
      (socket) => socket.end(`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`),
    ],
    [
      'two lengths',
      'bad_response',
      'HPE_UNEXPECTED_CONTENT_LENGTH',
      (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n'),
    ],
    [
      'another protocol',
      'bad_response',
      undefined,
      (socket) =>
        socket.write('HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'),
    ],
  ])('by %s is of class %s', async (_, failure, code, speak) => {
    const endpoint = await speaking(speak);
    const result = await sender({ timeoutMs }).post(
      endpoint.url,
      { authorization: SECRET },
      SECRET,
    );
    expect(result).toMatchObject({ failure, ...(code === undefined ? {} : { code }) });
    expect(JSON.stringify(result)).not.toContain(SECRET);
  });

  it('by drops of an answer that never ends comes in time', async () => {
    const endpoint = await speaking((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      const drip = setInterval(() => socket.write('x'), 20);
      socket.on('close', () => clearInterval(drip));
    });
    const result = await sender({ timeoutMs }).post(endpoint.url, {}, '');
    expect(result).toMatchObject({ failure: 'timeout' });
    expect(result.durationMs).toBeGreaterThanOrEqual(timeoutMs - 5);
    expect(result.durationMs).toBeLessThan(timeoutMs * 4);
    await vi.waitFor(() => expect(endpoint.sockets[0]?.destroyed).toBe(true));
  });

  it('by a port where nobody listens is of class connect', async () => {
    const endpoint = await answering(() => undefined);
    await endpoint.close();
    const result = await sender().post(endpoint.url, {}, '');
    expect(result).toMatchObject({ failure: 'connect', code: 'ECONNREFUSED' });
  });

  it.each<[string, Lookup]>([
    ['an error', () => Promise.reject(new Error(`getaddrinfo ENOTFOUND ${SECRET}`))],
    ['no address', resolvesTo()],
  ])('by a resolver that gives %s is of class dns', async (_, lookup) => {
    const result = await sender({ lookup }).post('http://localhost:4010/', {}, '');
    expect(result).toMatchObject({ failure: 'dns' });
    expect(JSON.stringify(result)).not.toContain(SECRET);
  });

  it('by a resolver that does not answer comes in time', async () => {
    const lookup: Lookup = () => new Promise(() => undefined);
    const result = await sender({ lookup, timeoutMs }).post('http://localhost:4010/', {}, '');
    expect(result).toMatchObject({ failure: 'timeout' });
  });

  it('by a header that HTTP cannot carry does not show the header', async () => {
    const endpoint = await answering((_, response) => response.end());
    const post = sender().post(endpoint.url, { authorization: `${SECRET}\r\nx: y` }, '');
    const error = (await post.catch((reason: unknown) => reason)) as Error;
    expect(error).toMatchObject({ code: 'ERR_INVALID_CHAR' });
    expect(error.message).not.toContain(SECRET);
  });
});
