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

// `https.Server` passes both cases to `clientError`. In the first, only the handler ends the connection.
it.each([
  ['starts no handshake', ''],
  ['sends plain HTTP', 'GET / HTTP/1.1\r\n\r\n'],
])('a client that %s gets no response, and its connection is closed', async (_what, bytes) => {
  const socket = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
  const received: Buffer[] = [];
  socket.on('data', (data) => received.push(data)).write(bytes);
  await once(socket, 'close');
  expect(Buffer.concat(received).toString()).not.toContain('HTTP');
});
