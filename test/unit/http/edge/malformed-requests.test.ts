import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { malformedRequestHandler } from '../../../../src/http/edge/malformed-requests.ts';
import { makeCertificate, type TestCertificate } from '../../../support/certificate.ts';

let certificate: TestCertificate;
let server: tls.Server;
beforeEach(async () => {
  certificate = makeCertificate();
  const { cert, key } = certificate;
  server = tls.createServer({ cert, key, handshakeTimeout: 20 });
  server.on('tlsClientError', malformedRequestHandler({}));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  server.close();
  certificate.remove();
});

// As `https.Server` hands both to `clientError`; Node leaves it to the handler to end the first.
it.each([
  ['begins no handshake', ''],
  ['sends no TLS', 'GET / HTTP/1.1\r\n\r\n'],
])('a client that %s gets no answer, and its connection ends', async (_what, bytes) => {
  const socket = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
  const received: Buffer[] = [];
  socket.on('data', (data) => received.push(data)).write(bytes);
  await once(socket, 'close');
  expect(Buffer.concat(received).toString()).not.toContain('HTTP');
});
