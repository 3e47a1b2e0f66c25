import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
import { NativeConnection, type TLSConfig } from '@temporalio/worker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectionProblem } from '../../../src/temporal/connection-problem.ts';
import { makeCertificate, type TestCertificate } from '../../support/certificate.ts';

// Real connections of the SDK to servers that are not what it expects: its texts may change with a version.

let certificate: TestCertificate;
const servers: net.Server[] = [];
beforeAll(() => {
  certificate = makeCertificate();
});
afterAll(() => {
  for (const server of servers) server.close();
  certificate.remove();
});

async function listening(server: net.Server): Promise<string> {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function tlsServer(options: tls.TlsOptions = {}): net.Server {
  const { cert, key } = certificate;
  return tls
    .createServer({ ALPNProtocols: ['h2'], cert, key, ...options }, (socket) =>
      socket.on('error', () => undefined),
    )
    .on('tlsClientError', () => undefined);
}

async function codeOf(address: string, config?: TLSConfig): Promise<string> {
  const options = config === undefined ? { address } : { address, tls: config };
  const error = await NativeConnection.connect(options).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return connectionProblem(error).code;
}

it('names a port on which nothing listens', async () => {
  expect(await codeOf('127.0.0.1:1')).toBe('ECONNREFUSED');
});

it('names a host that does not exist', async () => {
  expect(await codeOf('no-such-host.invalid:7233')).toBe('ENOTFOUND');
});

it('names a certificate that is not accepted', async () => {
  expect(await codeOf(await listening(tlsServer()), {})).toMatch(/^TLS_CERTIFICATE_[A-Z_]+$/);
});

it('names the alert with which the server ends TLS', async () => {
  const address = await listening(tlsServer({ ALPNProtocols: ['http/1.1'] }));
  expect(await codeOf(address, {})).toBe('TLS_ALERT_NO_APPLICATION_PROTOCOL');
});

it('names a server that does not speak TLS', async () => {
  const plain = net.createServer((socket) => {
    socket.on('error', () => undefined).end('HTTP/1.1 400 Bad Request\r\n\r\n');
  });
  expect(await codeOf(await listening(plain), {})).toBe('TLS_NOT_SPOKEN');
});

it('names a server that speaks only TLS', async () => {
  expect(await codeOf(await listening(tlsServer()))).toBe('GRPC_NOT_SPOKEN');
});

it.each([
  ['answers in another protocol', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
  ['closes the connection without an answer', ''],
])('names a server that %s', async (_, answer) => {
  const plain = net.createServer((socket) => {
    socket.on('error', () => undefined).end(answer);
  });
  const address = await listening(plain);
  // Which of the SDK's errors comes depends on what it has sent when the answer arrives.
  const codes = new Set<string>();
  for (let time = 0; time < 30; time += 1) codes.add(await codeOf(address));
  expect([...codes]).toEqual(['GRPC_NOT_SPOKEN']);
});
