import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TlsFiles } from '../../../src/process/tls-files.ts';
import { makeCertificate } from '../../support/certificate.ts';
import {
  type CodecServerOptions,
  codecServer,
  encrypted,
  TOKEN,
  UI,
  type Wire,
} from '../../support/codec-server.ts';

const HOUR_MS = 3_600_000;

let app: FastifyInstance;
let url: string;
let time: number;
beforeEach(async () => {
  time = Date.now();
  app = start();
  url = await app.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(() => app.close());

const start = (tls?: TlsFiles, options: CodecServerOptions = {}) =>
  codecServer(() => time, { tls, ...options });

function post(path: string, body: unknown, headers: Record<string, string> = {}) {
  return fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-namespace': 'default', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

const bearer = { authorization: `Bearer ${TOKEN}` };

async function decoded(headers: Record<string, string>): Promise<string | number> {
  const answer = await post('/decode', { payloads: [await encrypted('PHARMACY_DOWN')] }, headers);
  if (answer.status !== 200) return answer.status;
  const { payloads } = (await answer.json()) as { payloads: Wire[] };
  return Buffer.from(payloads[0]?.data ?? '', 'base64').toString();
}

async function logIn(token: string): Promise<Response> {
  return await fetch(`${url}/login`, {
    method: 'POST',
    body: new URLSearchParams({ token }),
    redirect: 'manual',
  });
}

describe('payloads', () => {
  it('are decrypted for a client with the token, and decode to what was encoded', async () => {
    expect(await decoded(bearer)).toBe('"PHARMACY_DOWN"');
    const clear = { metadata: { encoding: 'anNvbi9wbGFpbg==' }, data: 'eyJieSI6ImFubmEifQ==' };
    const answer = await post('/encode', { payloads: [clear] }, bearer);
    const { payloads } = (await answer.json()) as { payloads: Wire[] };
    expect(Buffer.from(payloads[0]?.metadata['encoding'] ?? '', 'base64').toString()).toBe(
      'binary/encrypted',
    );
    const again = await post('/decode', { payloads }, bearer);
    expect(await again.json()).toEqual({ payloads: [clear] });
  });

  it.each([
    ['a client without credentials', {}],
    ['a wrong token', { authorization: 'Bearer the-operators-own-toker' }],
    ['half a token', { authorization: 'Bearer the' }],
    ['another scheme', { authorization: TOKEN }],
    ['a forged cookie', { cookie: 'codec_session=9999999999999.AAAA' }],
    ['a page of another origin', { ...bearer, origin: 'https://elsewhere.example.com' }],
  ])('are not decrypted for %s', async (_who, headers: Record<string, string>) => {
    expect(await decoded(headers)).toBe(401);
  });

  it('that were altered, or whose key is unavailable, get an error that says so', async () => {
    const payload = await encrypted('x');
    const key = Buffer.from('2020-01').toString('base64');
    const lost = { ...payload, metadata: { ...payload.metadata, 'encryption-key-id': key } };
    for (const [given, message] of [
      [{ ...payload, data: payload.data.replace(/^...../, 'AAAAA') }, 'altered'],
      [lost, 'encryption key 2020-01 is unavailable'],
    ] as const) {
      const answer = await post('/decode', { payloads: [given] }, bearer);
      expect(answer.status).toBe(422);
      expect(await answer.text()).toContain(message);
    }
  });

  it.each(['{"payloads":', '[]', '{"payloads":[{"data":"%%%"}]}'])(
    'in the form %s are refused',
    async (body) => {
      const answer = await post('/decode', body, bearer);
      expect(answer.status).toBe(400);
      expect(await answer.text()).not.toContain('%%%');
    },
  );
});

describe('a login', () => {
  it('lets the Temporal UI decode payloads for eight hours', async () => {
    const answer = await logIn(TOKEN);
    const cookie = answer.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/; HttpOnly; SameSite=Strict; Path=\/; Max-Age=28800$/);
    expect(cookie).not.toContain(TOKEN);
    const session = { cookie: cookie.split(';')[0] ?? '', origin: UI };
    expect(await decoded(session)).toBe('"PHARMACY_DOWN"');
    time += 8 * HOUR_MS;
    expect(await decoded(session)).toBe(401);
  });

  it('needs the token, and reveals nothing about it', async () => {
    const answer = await logIn('guess');
    expect(answer.status).toBe(401);
    expect(answer.headers.get('set-cookie')).toBeNull();
    expect(await answer.text()).not.toMatch(/guess|operators/);
  });
});

it('allows cross-origin requests from the UI only', async () => {
  const ask = (origin: string) =>
    fetch(`${url}/decode`, { method: 'OPTIONS', headers: { origin } });
  const ui = await ask(UI);
  expect(ui.status).toBe(204);
  expect(ui.headers.get('access-control-allow-origin')).toBe(UI);
  expect(ui.headers.get('access-control-allow-credentials')).toBe('true');
  const other = await ask('https://elsewhere.example.com');
  expect(other.headers.get('access-control-allow-origin')).toBeNull();
});

describe('a client that sends wrong tokens', () => {
  const wrong = { authorization: 'Bearer guess' };

  it('gets 429 after a burst, whatever it sends then', async () => {
    for (const status of [401, 401, 401, 429]) expect(await decoded(wrong)).toBe(status);
    const answer = await post('/decode', { payloads: [] }, bearer);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '1']);
    const login = await logIn(TOKEN);
    expect([login.status, login.headers.get('set-cookie')]).toEqual([429, null]);
    expect(await login.text()).toContain('Too many wrong tokens');
  });

  it('is counted at the login too, and does not lock out a token or session that was valid before', async () => {
    const [session = ''] = ((await logIn(TOKEN)).headers.get('set-cookie') ?? '').split(';');
    for (const status of [401, 401, 401, 429]) expect((await logIn('guess')).status).toBe(status);
    expect(await decoded({ cookie: session, origin: UI })).toBe('"PHARMACY_DOWN"');
    expect(await decoded(bearer)).toBe('"PHARMACY_DOWN"');
  });

  it('is not one that sends no token', async () => {
    for (let n = 0; n < 5; n += 1) expect(await decoded({})).toBe(401);
    expect(await decoded(bearer)).toBe('"PHARMACY_DOWN"');
  });
});

it('serves HTTPS, with a session cookie that browsers never send over plain HTTP', async () => {
  const certificate = makeCertificate('IP:127.0.0.1', 'CODEC_');
  const secure = start(certificate);
  try {
    const address = await secure.listen({ host: '127.0.0.1', port: 0 });
    const request = https.request(`${address}/login`, {
      method: 'POST',
      ca: certificate.cert,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    request.end(new URLSearchParams({ token: TOKEN }).toString());
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    answer.resume();
    expect(answer.headers['set-cookie']?.[0]).toMatch(/^__Host-codec_session=.*; Secure$/);
  } finally {
    await secure.close();
    certificate.remove();
  }
});

describe('behind a TLS proxy', () => {
  /** Logs in over a connection: only there the server removes headers that it does not trust. */
  async function cookieOf(scheme: string, trustedProxies: readonly string[]): Promise<string> {
    const proxied = start(undefined, { trustedProxies });
    const body = new URLSearchParams({ token: TOKEN });
    try {
      const login = `${await proxied.listen({ host: '127.0.0.1', port: 0 })}/login`;
      const sent = { method: 'POST', headers: { 'x-forwarded-proto': scheme }, body };
      return String((await fetch(login, sent)).headers.get('set-cookie'));
    } finally {
      await proxied.close();
    }
  }

  it('a session has a __Host- cookie, which alone counts there', async () => {
    const secure = await cookieOf('https', ['127.0.0.1']);
    expect(secure).toMatch(/^__Host-codec_session=[\w.-]+; .*; Path=\/; .*; Secure$/);
    expect(secure).not.toContain('Domain');

    const proxied = start(undefined, { trustedProxies: ['127.0.0.1'] });
    const page = async (cookie: string) =>
      (await proxied.inject({ url: '/login', headers: { 'x-forwarded-proto': 'https', cookie } }))
        .body;
    const [, session = ''] = /=([^;]+)/.exec(secure) ?? [];
    expect(await page(`__Host-codec_session=${session}`)).toContain('You are logged in');
    expect(await page(`codec_session=${session}`)).not.toContain('You are logged in');
  });

  it.each([
    ['over plain HTTP', 'http', ['127.0.0.1']],
    ['through a proxy that is not trusted', 'https', ['192.0.2.1']],
    ['without a proxy', 'https', []],
  ])('a session %s has a plain cookie', async (_what, scheme, trustedProxies) => {
    expect(await cookieOf(scheme, trustedProxies)).toMatch(/^codec_session=(?!.*Secure)/);
  });
});

it('refuses a page that made its own name resolve to this machine (DNS rebinding)', async () => {
  const local = start(undefined, { onlyLocalHosts: true });
  const statusOf = async (host: string) =>
    (await local.inject({ url: '/login', headers: { host } })).statusCode;

  expect(await statusOf('127.0.0.1:8234')).toBe(200);
  expect(await statusOf('localhost:8234')).toBe(200);
  expect(await statusOf('rebound.example.com:8234')).toBe(421);
});

describe('without a login', () => {
  let open: FastifyInstance;
  beforeEach(() => {
    open = start(undefined, { login: 'none' });
  });
  afterEach(() => open.close());

  async function statusOf(headers: Record<string, string>, remoteAddress = '127.0.0.1') {
    const answer = await open.inject({
      method: 'POST',
      url: '/decode',
      headers: { host: '127.0.0.1:8234', 'content-type': 'application/json', ...headers },
      payload: { payloads: [await encrypted('PHARMACY_DOWN')] },
      remoteAddress,
    });
    return answer.statusCode;
  }

  it.each(['127.0.0.1', 'localhost', '[::1]'])(
    'decrypts payloads for the Temporal UI at %s on this machine',
    async (name) => {
      const origin = `http://${name}:8233`;
      expect(await statusOf({ origin, host: `${name}:8234` })).toBe(200);
      expect(await statusOf({ origin }, '::ffff:127.0.0.1')).toBe(200);
      const preflight = await open.inject({
        method: 'OPTIONS',
        url: '/decode',
        headers: { origin },
      });
      expect(preflight.headers['access-control-allow-origin']).toBe(origin);
    },
  );

  it.each([
    ['a website that is open in the same browser', { origin: 'https://elsewhere.example.com' }],
    ['another program’s page on this machine', { origin: 'http://localhost:5173' }],
    ['a page over HTTPS', { origin: 'https://127.0.0.1:8233' }],
    ['a name that begins like the UI’s', { origin: 'http://localhost.example.com:8233' }],
    ['a name that pretends to have credentials', { origin: 'http://localhost:8233@example.com' }],
    ['a file or a sandboxed frame', { origin: 'null' }],
    ['a client that sends no origin', {}],
  ])('decrypts nothing for %s', async (_who, headers: Record<string, string>) => {
    expect(await statusOf(headers)).toBe(401);
    const preflight = await open.inject({ method: 'OPTIONS', url: '/decode', headers });
    expect(preflight.headers['access-control-allow-origin']).toBeUndefined();
  });

  it('decrypts nothing for another machine, nor for a name that resolves to this one', async () => {
    expect(await statusOf({ origin: UI }, '192.0.2.1')).toBe(401);
    expect(await statusOf({ origin: UI, host: 'rebound.example.com:8234' })).toBe(421);
  });

  it('still takes the token from the command line', async () => {
    expect(await statusOf(bearer)).toBe(200);
  });

  it('says at /login that nobody has to log in', async () => {
    const { body } = await open.inject('/login');
    expect(body).toContain('without a login');
    expect(body).not.toContain('<form');
  });
});

it('refuses a stranger before it reads the body', async () => {
  const answer = await app.inject({
    method: 'POST',
    url: '/decode',
    headers: { 'content-type': 'application/json' },
    payload: '{"payloads": not JSON',
  });
  expect(answer.statusCode).toBe(401);
});
