import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import tls, { type ConnectionOptions, type TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ForeignAccess } from '../../../src/egress/destination.ts';
import { openForeign } from '../../../src/egress/open-foreign.ts';
import { makeCertificate, type TestCertificate } from '../../support/certificate.ts';

const ADDRESS = '93.184.215.14';

const resolvesTo = (...addresses: string[]): ForeignAccess['lookup'] =>
  vi.fn(async () => addresses.map((address) => ({ address, family: 4 })));

const unaborted = () => new AbortController().signal;

/** Opens a link, which must be allowed, and reads the answer. */
async function read(link: string, access: ForeignAccess): Promise<string> {
  const opened = await openForeign(link, access, unaborted());
  if ('refusal' in opened) throw new Error(`refused: ${opened.refusal.code}`);
  return (await buffer(opened)).toString();
}

async function listen(server: http.Server | https.Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

describe('in the sandbox', () => {
  let server: http.Server;
  let port: number;
  const seen: http.IncomingMessage['headers'][] = [];
  beforeEach(async () => {
    seen.length = 0;
    server = http.createServer((request, response) => {
      seen.push(request.headers);
      response.end('the bytes');
    });
    port = await listen(server);
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });
  const sandbox = (lookup: ForeignAccess['lookup'] = resolvesTo()): ForeignAccess => ({
    policy: { sandbox: true },
    lookup,
  });

  it('opens loopback addresses and the names of this machine', async () => {
    expect(await read(`http://127.0.0.1:${port}/a`, sandbox())).toBe('the bytes');
    const lookup = resolvesTo('127.0.0.1');
    expect(await read(`http://files.localhost:${port}/a`, sandbox(lookup))).toBe('the bytes');
    expect(lookup).toHaveBeenCalledExactlyOnceWith('files.localhost', {
      all: true,
      signal: expect.any(AbortSignal),
    });
    expect(seen.map(({ host }) => host)).toEqual([`127.0.0.1:${port}`, `files.localhost:${port}`]);
  });

  it('tries the other addresses of a name if nothing listens at the first', async () => {
    const lookup = resolvesTo('127.0.0.2', '127.0.0.1');
    expect(await read(`http://localhost:${port}/a`, sandbox(lookup))).toBe('the bytes');
  });

  it.each([
    ['http://127.0.0.1/a', 'port'],
    ['http://127.0.0.1:80/a', 'port'],
    ['http://127.0.0.1:1023/a', 'port'],
    ['http://10.0.0.8:8080/a', 'address'],
    ['https://files.example.com:8443/a', 'host'],
    ['ftp://127.0.0.1:8080/a', 'scheme'],
    ['http://user@127.0.0.1:8080/a', 'credentials'],
    ['127.0.0.1:8080/a', 'not_a_url'],
    [`http://127.0.0.1:8080/${'a'.repeat(8_192)}`, 'too_long'],
  ])('refuses %s', async (link, code) => {
    const lookup = resolvesTo('127.0.0.1');
    const opened = await openForeign(link, sandbox(lookup), unaborted());
    expect(opened).toMatchObject({ refusal: { code } });
    expect(lookup).not.toHaveBeenCalled();
  });

  it('refuses a name of this machine that resolves elsewhere', async () => {
    const access = sandbox(resolvesTo('127.0.0.1', '10.0.0.8'));
    const opened = await openForeign(`http://localhost:${port}/a`, access, unaborted());
    expect(opened).toMatchObject({ refusal: { code: 'not_loopback' } });
    expect(seen).toEqual([]);
  });

  it('opens a link as long as those that carry the token of a session', async () => {
    const link = `http://127.0.0.1:${port}/a?token=${'x'.repeat(8_000)}`;
    expect(await read(link, sandbox())).toBe('the bytes');
  });

  it('uses no proxy', async () => {
    for (const name of ['http_proxy', 'HTTP_PROXY', 'ALL_PROXY']) {
      vi.stubEnv(name, 'http://127.0.0.1:9');
    }
    expect(await read(`http://127.0.0.1:${port}/a`, sandbox())).toBe('the bytes');
  });

  it('ends when the caller aborts', async () => {
    server.removeAllListeners('request');
    const caller = new AbortController();
    server.on('request', () => caller.abort(new Error('cancelled')));
    const opened = openForeign(`http://127.0.0.1:${port}/a`, sandbox(), caller.signal);
    await expect(opened).rejects.toThrow();
  });
});

describe('in production', () => {
  const production = (...addresses: string[]): ForeignAccess => ({
    policy: { sandbox: false },
    lookup: resolvesTo(...addresses),
  });

  it.each([
    ['http://files.example.com/a', 'scheme'],
    ['https://files.example.com:80/a', 'port'],
    ['https://files.example.com:9200/a', 'port'],
    ['https://localhost/a', 'host'],
    ['https://files.internal/a', 'host'],
    ['https://127.0.0.1/a', 'address'],
    ['https://[::1]:8443/a', 'address'],
    ['https://169.254.169.254/a', 'address'],
  ])('refuses %s without a lookup', async (link, code) => {
    const access = production(ADDRESS);
    expect(await openForeign(link, access, unaborted())).toMatchObject({ refusal: { code } });
    expect(access.lookup).not.toHaveBeenCalled();
  });

  it.each([
    [['10.0.0.8'], 'private'],
    [['127.0.0.1'], 'loopback'],
    [[ADDRESS, '169.254.169.254'], 'link_local'],
    [['::ffff:10.0.0.8'], 'not_global_unicast'],
    [[], 'dns'],
  ])('refuses a name with the addresses %j', async (addresses, code) => {
    const link = 'https://files.example.com/a';
    expect(await openForeign(link, production(...addresses), unaborted())).toMatchObject({
      refusal: { code },
    });
  });

  it('reports a name that does not resolve, and quotes nothing of it', async () => {
    const lookup = () => Promise.reject(new Error('ENOTFOUND files.example.com'));
    const access = { policy: { sandbox: false }, lookup };
    const opened = await openForeign('https://files.example.com/a', access, unaborted());
    expect(opened).toMatchObject({ refusal: { code: 'dns' } });
    expect(JSON.stringify(opened)).not.toContain('example');
  });

  /* As in production, but for one thing: a connection to the public address goes to a server here. */
  describe('over TLS', () => {
    let certificate: TestCertificate;
    let server: https.Server;
    let port: number;
    let trusted: string | undefined;
    const asked: ConnectionOptions[] = [];
    const seen: { host: string | undefined; servername: unknown }[] = [];

    beforeAll(async () => {
      certificate = makeCertificate(`DNS:files.example.com,IP:${ADDRESS}`);
      server = https.createServer(certificate, (request, response) => {
        const { servername } = request.socket as TLSSocket & { servername?: unknown };
        seen.push({ host: request.headers.host, servername });
        response.end('over TLS');
      });
      port = await listen(server);
    });
    afterAll(() => {
      server.closeAllConnections();
      server.close();
      certificate.remove();
    });
    beforeEach(() => {
      trusted = certificate.cert;
      asked.length = 0;
      seen.length = 0;
      vi.spyOn(https.Agent.prototype, 'createConnection').mockImplementation(((
        options: ConnectionOptions,
      ) => {
        asked.push(options);
        const here = { ...options, host: '127.0.0.1', port };
        // The certificate must be for the host of the link, not for this server.
        const checkServerIdentity = (name: string, peer: tls.PeerCertificate) =>
          tls.checkServerIdentity(name === '127.0.0.1' ? (options.host ?? '') : name, peer);
        return tls.connect({ ...here, checkServerIdentity, ...(trusted && { ca: trusted }) });
      }) as never);
    });

    /** The addresses to which Node would connect. */
    const addressesOf = ({ host = '', lookup }: ConnectionOptions) => {
      const found = vi.fn();
      lookup?.(host, { all: true }, found);
      return found.mock.calls[0]?.[1] as unknown;
    };

    it.each(['', ':8443'])('connects to the checked address under its name%s', async (suffix) => {
      const access = production(ADDRESS);
      expect(await read(`https://files.example.com${suffix}/a`, access)).toBe('over TLS');
      expect(access.lookup).toHaveBeenCalledOnce();
      expect(asked).toMatchObject([{ port: suffix === '' ? 443 : 8_443 }]);
      expect(asked.map(addressesOf)).toEqual([[{ address: ADDRESS, family: 4 }]]);
      expect(seen).toEqual([
        { host: `files.example.com${suffix}`, servername: 'files.example.com' },
      ]);
    });

    it('connects to an address that has a certificate of its own', async () => {
      expect(await read(`https://${ADDRESS}/a`, production())).toBe('over TLS');
      expect(asked).toMatchObject([{ host: ADDRESS }]);
      expect(seen).toEqual([{ host: ADDRESS, servername: false }]);
    });

    it('refuses a certificate of another name', async () => {
      const opened = openForeign('https://other.example.com/a', production(ADDRESS), unaborted());
      await expect(opened).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
      expect(seen).toEqual([]);
    });

    it('refuses a certificate that nobody trusts, whatever the environment says', async () => {
      trusted = undefined;
      vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
      const opened = openForeign('https://files.example.com/a', production(ADDRESS), unaborted());
      await expect(opened).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
      expect(seen).toEqual([]);
    });
  });
});
