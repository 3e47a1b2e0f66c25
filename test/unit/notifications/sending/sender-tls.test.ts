import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls, { type ConnectionOptions, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createSender } from '../../../../src/notifications/sending/sender.ts';
import { type FakeEndpoint, listen } from './fake-endpoint.ts';
import { keep, resolvesTo } from './harness.ts';

/* As in production, but for one thing: a connection to the public address goes to a server here. */

const ADDRESS = '93.184.215.14';
const folder = mkdtempSync(path.join(tmpdir(), 'webhooks-tls-'));
let key: Buffer;
let cert: Buffer;
let endpoint: FakeEndpoint;
let trusted: Buffer | undefined;
let asked: ConnectionOptions[] = [];
const seen: { host: string | undefined; servername: unknown }[] = [];

beforeAll(async () => {
  const [keyFile, certFile] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')];
  const names = `subjectAltName=DNS:hooks.example.com,IP:${ADDRESS}`;
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const subject = ['-days', '2', '-subj', '/CN=test', '-addext', names];
  execFileSync('openssl', [...args, ...subject, '-keyout', keyFile, '-out', certFile], {
    stdio: 'ignore',
  });
  key = readFileSync(keyFile);
  cert = readFileSync(certFile);
  endpoint = await listen(
    https.createServer({ key, cert }, (request, response) => {
      const { servername } = request.socket as TLSSocket & { servername?: unknown };
      seen.push({ host: request.headers.host, servername });
      response.end('over TLS');
    }),
  );
});
afterAll(async () => {
  await endpoint.close();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => {
  trusted = cert;
  asked = [];
  seen.length = 0;
  vi.spyOn(https.Agent.prototype, 'createConnection').mockImplementation(((
    options: ConnectionOptions,
  ) => {
    asked.push(options);
    const here = { ...options, host: '127.0.0.1', port: endpoint.port };
    // What the certificate is checked against is what the sender asked for.
    const checkServerIdentity = (name: string, peer: tls.PeerCertificate) =>
      tls.checkServerIdentity(name === '127.0.0.1' ? (options.host ?? '') : name, peer);
    return tls.connect({ ...here, checkServerIdentity, ...(trusted && { ca: trusted }) });
  }) as never);
});

function post(url: string) {
  const lookup = resolvesTo(ADDRESS);
  const policy = { sandbox: false };
  return keep(createSender({ lookup, policy, timeoutMs: 2_000 })).post(url, {}, '{}');
}

describe('over TLS', () => {
  it.each(['', ':8443'])('goes to the checked address under its own name%s', async (port) => {
    const result = await post(`https://hooks.example.com${port}/hook`);
    expect(result).toMatchObject({ status: 200, bodyStart: 'over TLS' });
    expect(asked).toMatchObject([{ host: ADDRESS, port: port === '' ? 443 : 8_443 }]);
    expect(seen).toEqual([{ host: `hooks.example.com${port}`, servername: 'hooks.example.com' }]);
  });

  it('goes to an address that has a certificate of its own', async () => {
    expect(await post(`https://${ADDRESS}/hook`)).toMatchObject({ status: 200 });
    expect(seen).toEqual([{ host: ADDRESS, servername: false }]);
  });

  it('refuses a certificate of another name', async () => {
    expect(await post('https://other.example.com/')).toMatchObject({
      failure: 'tls',
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
    expect(seen).toEqual([]);
  });

  it('refuses a certificate that nobody vouches for, whatever the environment says', async () => {
    trusted = undefined;
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    expect(await post('https://hooks.example.com/')).toMatchObject({
      failure: 'tls',
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    });
    expect(seen).toEqual([]);
  });
});

it('takes an answer without TLS for a failure of TLS', async () => {
  vi.restoreAllMocks();
  const plain = keep(await listen(http.createServer((_, response) => response.end())));
  const sender = keep(createSender({ lookup: resolvesTo(), policy: { sandbox: true } }));
  const result = await sender.post(plain.url.replace('http:', 'https:'), {}, '{}');
  expect(result).toMatchObject({ failure: 'tls' });
});
