import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Log } from '../../../src/process/log.ts';
import { type Database, openDatabase } from '../../../src/storage/database.ts';
import {
  isPlaintext,
  PLAINTEXT_WARNING,
  warnAboutPlaintext,
} from '../../../src/storage/postgres-tls.ts';
import { makeCertificate, type TestCertificate } from '../../support/certificate.ts';

let named: TestCertificate;
let numbered: TestCertificate;
let database: Database | undefined;
const servers: net.Server[] = [];
beforeAll(() => {
  named = makeCertificate('DNS:localhost');
  numbered = makeCertificate('IP:127.0.0.1');
});
afterAll(() => {
  named.remove();
  numbered.remove();
});
afterEach(async () => {
  await database?.end({ timeout: 0 });
  for (const server of servers.splice(0)) server.close();
});

/** Answers like Postgres until the login, and then refuses it with the code 28000. */
async function startPostgres({ cert, key }: TestCertificate): Promise<number> {
  const length = (bytes: string) => {
    const size = Buffer.alloc(4);
    size.writeInt32BE(Buffer.byteLength(bytes) + 4);
    return size;
  };
  const refusal = 'SFATAL\0C28000\0Mnobody logs in here\0\0';
  const server = net.createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', () => {
      socket.write('S');
      const secure = new tls.TLSSocket(socket, { isServer: true, cert, key });
      secure.on('error', () => socket.destroy());
      secure.once('data', () => {
        secure.end(Buffer.concat([Buffer.from('E'), length(refusal), Buffer.from(refusal)]));
      });
    });
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Runs a query, and returns the code of its error: 28000 if the certificate was trusted. */
async function codeOf(certificate: TestCertificate, host: string, query: string): Promise<unknown> {
  const port = await startPostgres(certificate);
  database = openDatabase(`postgres://rx:password@${host}:${port}/orders?${query}`, 1);
  return await database`SELECT 1`.then(
    () => 'served',
    (error: { code?: unknown }) => error.code,
  );
}

const root = ({ certFile }: TestCertificate) => `sslrootcert=${encodeURIComponent(certFile)}`;

describe('sslmode=verify-full', () => {
  it('trusts a certificate that the root has signed for the host’s name', async () => {
    expect(await codeOf(named, 'localhost', `sslmode=verify-full&${root(named)}`)).toBe('28000');
  });

  it('trusts a certificate for the host’s IP address', async () => {
    const query = `${root(numbered)}&sslmode=verify-full`;
    expect(await codeOf(numbered, '127.0.0.1', query)).toBe('28000');
  });

  it('refuses a certificate of an unknown authority', async () => {
    const code = await codeOf(named, 'localhost', 'sslmode=verify-full');
    expect(code).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
  });

  it.each([
    ['another name', 'localhost', () => numbered],
    ['localhost if the host is an IP address', '127.0.0.1', () => named],
  ])('refuses a certificate for %s', async (_what, host, certificate) => {
    const code = await codeOf(certificate(), host, `sslmode=verify-full&${root(certificate())}`);
    expect(code).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  });

  it('works the same as verify-ca', async () => {
    const code = await codeOf(named, '127.0.0.1', `sslmode=verify-ca&${root(named)}`);
    expect(code).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  });
});

it('sslmode=require encrypts, and trusts any certificate', async () => {
  expect(await codeOf(named, '127.0.0.1', 'sslmode=require')).toBe('28000');
});

it('refuses a root that cannot be read, or a mode that would ignore it', () => {
  const open = (query: string) => () => openDatabase(`postgres://rx@localhost/orders?${query}`, 1);
  const nowhere = path.join(path.dirname(named.certFile), 'nowhere');
  expect(open(`sslmode=verify-full&sslrootcert=${nowhere}`)).toThrow(
    'DATABASE_URL: sslrootcert names a file that cannot be read',
  );
  expect(open(`sslmode=require&${root(named)}`)).toThrow(
    'DATABASE_URL: sslrootcert needs sslmode=verify-full',
  );
});

describe('a connection in clear text', () => {
  it.each([
    'postgres://rx:p@db.example.com/orders',
    'postgres://rx:p@db.example.com:5432/orders?sslmode=disable',
    'postgres://rx:p@db.example.com/orders?sslmode=prefer',
    'postgres://rx:p@db.example.com/orders?sslmode=allow',
    'postgresql://rx:p%40@10.0.0.5/orders?application_name=rx',
    'postgres://rx:p@[2001:db8::5]:5432/orders',
    'postgres://rx:p@localhost,db.example.com/orders',
    'postgres://rx:p@localhost.example.com/orders',
    'postgres://rx:p@0.0.0.0/orders',
  ])('to another machine is noticed: %s', (url) => {
    expect(isPlaintext(url)).toBe(true);
    const warned: unknown[] = [];
    const warn = (...line: unknown[]) => void warned.push(line);
    warnAboutPlaintext(url, { warn } as unknown as Log);
    expect(warned).toEqual([[PLAINTEXT_WARNING, { code: 'DATABASE_NOT_ENCRYPTED' }]]);
    expect(JSON.stringify(warned)).not.toContain('example');
  });

  it.each([
    'postgres://rx:p@db.example.com/orders?sslmode=require',
    'postgres://rx:p@db.example.com/orders?sslmode=verify-ca',
    'postgres://rx:p@db.example.com/orders?sslmode=verify-full&sslrootcert=system',
    'postgres://rx:p@db.example.com/orders?ssl=true',
    'postgres://rx:p@127.0.0.1:5432/orders',
    'postgres://rx:p@127.8.8.8/orders',
    'postgres://rx:p@LocalHost/orders',
    'postgres://rx:p@[::1]/orders',
    'postgres://rx:p@%2Fvar%2Frun%2Fpostgresql/orders',
    'postgres:///orders?host=/var/run/postgresql',
    'postgres://rx:p@localhost,127.0.0.1/orders',
  ])('is not reported: %s', (url) => {
    expect(isPlaintext(url)).toBe(false);
  });
});
