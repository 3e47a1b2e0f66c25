import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import tls from 'node:tls';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { renewCertificate, serverOptions } from '../../../../src/http/edge/tls.ts';
import type { TlsFiles } from '../../../../src/process/tls-files.ts';
import { makeCertificate, replace, type TestCertificate } from '../../../support/certificate.ts';
import { createKeptLog, type KeptLog } from '../../../support/logs.ts';

let first: TestCertificate;
let second: TestCertificate;
let served: TestCertificate;
let app: FastifyInstance;
let log: KeptLog;
beforeAll(() => {
  first = makeCertificate();
  second = makeCertificate();
});
afterAll(() => {
  for (const certificate of [first, second]) certificate.remove();
});

describe('a certificate that was renewed on disk', () => {
  beforeEach(async () => {
    served = makeCertificate();
    replace(served, first);
    log = createKeptLog();
    app = Fastify(serverOptions({}, served));
    renewCertificate(app, served, log, 5);
    await app.listen({ host: '127.0.0.1', port: 0 });
  });
  afterEach(async () => {
    await app.close();
    served.remove();
  });

  it('is served to new connections, while open ones continue', async () => {
    const open = await connect(first);
    replace(served, second);
    await vi.waitFor(async () => (await connect(second)).destroy());
    open.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    expect(String((await once(open, 'data'))[0])).toMatch(/^HTTP\/1\.1 404 /);
    expect(log.lines.at(-1)).toMatchObject({ level: 'info' });
  });

  it.each([
    [
      'is not a certificate',
      () => ({ cert: 'nonsense', key: first.key }),
      'TLS_CERTIFICATE_MALFORMED',
    ],
    ['is empty', () => ({ cert: '', key: '' }), 'TLS_CERTIFICATE_MALFORMED'],
    ['arrives without its key', () => ({ cert: second.cert, key: first.key }), 'TLS_KEY_MISMATCH'],
  ])('but %s changes nothing and logs one warning', async (_what, pair, code) => {
    replace(served, pair());
    await vi.waitFor(() => expect(log.lines.at(-1)?.fields).toEqual({ code }));
    (await connect(first)).destroy();
    const warnings = log.lines.length;
    replace(served, second);
    await vi.waitFor(async () => (await connect(second)).destroy());
    expect(log.lines).toHaveLength(warnings + 1);
  });
});

/** Connects to the app and trusts only this certificate. */
async function connect({ cert }: TestCertificate): Promise<tls.TLSSocket> {
  const { port } = app.server.address() as { port: number };
  const socket = tls.connect({ host: '127.0.0.1', port, ca: cert, servername: 'localhost' });
  await once(socket, 'secureConnect');
  return socket;
}

describe('the error about an unusable file names its variable:', () => {
  it.each<[string, () => TlsFiles, string]>([
    [
      'a missing certificate',
      () => ({ ...first, certFile: `${first.certFile}.not` }),
      'TLS_CERT_FILE names a file that cannot be read',
    ],
    [
      'a missing key',
      () => ({ ...first, keyFile: `${first.keyFile}.not` }),
      'TLS_KEY_FILE names a file that cannot be read',
    ],
    [
      'a key in place of the certificate',
      () => ({ ...first, certFile: first.keyFile }),
      'TLS_CERT_FILE names a file that holds no certificate in PEM',
    ],
    [
      'a certificate in place of the key',
      () => ({ ...first, keyFile: first.certFile }),
      'TLS_KEY_FILE names a file that holds no private key in PEM without a passphrase',
    ],
    [
      'the key of another certificate',
      () => ({ ...first, keyFile: second.keyFile }),
      'TLS_KEY_FILE is not the key of TLS_CERT_FILE',
    ],
    [
      'the codec server’s variables',
      () => ({ ...first, keyFile: second.keyFile, prefix: 'CODEC_' }),
      'CODEC_TLS_KEY_FILE is not the key of CODEC_TLS_CERT_FILE',
    ],
  ])('%s', (_what, files, message) => {
    let fault: unknown;
    try {
      serverOptions({}, files());
    } catch (error) {
      fault = error;
    }
    expect(fault).toMatchObject({ name: 'ConfigError', message });
  });
});

it('the server refuses to start with unusable files and logs one line without their content', {
  timeout: 60_000,
}, async () => {
  const server = spawn(process.execPath, ['--import', 'tsx', 'src/server.ts'], {
    env: {
      DATABASE_URL: 'postgres://rx@127.0.0.1:9/rx_orders',
      HASH_SECRET: 'sixteen characters or more',
      ENCRYPTION_KEYS: `2026-11:${Buffer.alloc(32, 7).toString('base64')}`,
      DOCUMENTS_DIR: 'documents',
      // Otherwise the server would first check Postgres for the sandbox's keys.
      WEBHOOK_DESTINATIONS: 'loopback',
      TLS_CERT_FILE: first.certFile,
      TLS_KEY_FILE: second.keyFile,
    },
  });
  const [written, [code]] = await Promise.all([text(server.stderr), once(server, 'exit')]);
  expect(code).toBe(1);
  expect(written.trim().split('\n')).toHaveLength(1);
  expect(JSON.parse(written)).toMatchObject({
    msg: 'TLS_KEY_FILE is not the key of TLS_CERT_FILE',
  });
});
