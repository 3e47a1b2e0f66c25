import { EventEmitter, once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { text } from 'node:stream/consumers';
import tls from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { makeCertificate, type TestCertificate } from '../../support/certificate.ts';
import { orderBytes, sendRaw } from '../../support/raw-http.ts';
import { exampleWithoutKey, startTestApi, type TestApi } from '../../support/test-api.ts';

let certificate: TestCertificate;
let api: TestApi;
let open: boolean;
/** Holds back the check of Temporal in `/readyz` until the test releases it. */
let temporal: EventEmitter;

beforeAll(() => {
  certificate = makeCertificate();
});
afterAll(() => certificate.remove());
beforeEach(async () => {
  temporal = new EventEmitter();
  const checkTemporal = async () => {
    temporal.emit('asked');
    await once(temporal, 'answer');
  };
  const http = { tls: certificate, publicUrl: 'http://orders.example.com' };
  api = await startTestApi({ checkTemporal, http });
  open = true;
});
afterEach(async () => {
  if (open) await api.close();
});

async function ask(path: string, options: https.RequestOptions = {}, body?: string) {
  const request = https.request(api.app.url + path, { ca: certificate.cert, ...options });
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return { status: response.statusCode, headers: response.headers, text: await text(response) };
}

function connect(options: tls.ConnectionOptions = {}): tls.TLSSocket {
  const port = Number(new URL(api.app.url).port);
  return tls.connect({ host: '127.0.0.1', port, ca: certificate.cert, ...options });
}

it('orders are accepted over HTTPS, with Strict-Transport-Security', async () => {
  const { organization } = api;
  const headers = { 'cv-api-key': organization.apiKey, 'content-type': 'application/json' };
  const answer = await ask(
    `/api/v1/cases/${organization.caseId}`,
    { method: 'POST', headers },
    JSON.stringify(exampleWithoutKey()),
  );
  expect(api.app.url).toMatch(/^https:/);
  expect(answer.status).toBe(200);
  expect(answer.headers['strict-transport-security']).toBe('max-age=31536000');
});

it('TLS 1.2 is the oldest accepted version', async () => {
  const socket = connect({ maxVersion: 'TLSv1.2' });
  await once(socket, 'secureConnect');
  expect(socket.getProtocol()).toBe('TLSv1.2');
  socket.destroy();
  const ciphers = 'DEFAULT@SECLEVEL=0';
  const [error] = await once(
    connect({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers }),
    'error',
  );
  expect(error).toMatchObject({ code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' });
});

it('plain HTTP is closed without a response, and HTTPS continues', async () => {
  const received = await sendRaw(api.app.url, orderBytes(api));
  expect(received).toBe('');
  expect(await api.count('orders')).toBe(0);
  expect((await ask('/healthz')).status).toBe(200);
});

it('a malformed request gets its response over TLS', async () => {
  const socket = connect();
  socket.write('nonsense\r\n\r\n');
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n.*\{"status":400/s);
});

it('a stop finishes the request in flight, and closes idle connections and open handshakes', async () => {
  const handshaking = net.connect(Number(new URL(api.app.url).port), '127.0.0.1');
  await once(handshaking, 'connect');
  const idle = connect();
  await once(idle, 'secureConnect');
  const asked = once(temporal, 'asked');
  const inFlight = ask('/readyz', { agent: new https.Agent({ keepAlive: true }) });
  await asked;

  open = false;
  const closed = api.close();
  await Promise.all([once(handshaking, 'close'), once(idle, 'close')]);
  temporal.emit('answer');

  expect((await inFlight).status).toBe(200);
  await closed;
});

it('a client that disconnects during its handshake affects nobody else', async () => {
  const port = Number(new URL(api.app.url).port);
  for (const hello of ['', '\x16\x03\x01', '\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00']) {
    const socket = net.connect(port, '127.0.0.1');
    await once(socket, 'connect');
    if (hello !== '') socket.write(hello, 'latin1');
    socket.on('error', () => undefined).resetAndDestroy();
  }
  expect((await ask('/healthz')).status).toBe(200);
});
