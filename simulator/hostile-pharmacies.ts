import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';

/**
 * Pharmacies that hurt whoever calls them. `hangs` never answers, `drips` completes orders whose documents come
 * a byte a second, and `floods` answers with 64 MiB of JSON.
 */
export const HOSTILE = ['hangs', 'drips', 'floods'] as const;

const DRIP_MS = 1_000;
const FLOOD_CHUNK = '0,'.repeat(32_768);
const FLOOD_CHUNKS = 1_024;

/** Running hostile pharmacies. */
export interface HostilePharmacies {
  /** Returns the base URL of one of {@link HOSTILE}. */
  urlOf(name: (typeof HOSTILE)[number]): string;
  stop(): void;
}

/** Starts the hostile pharmacies on a free port of loopback. */
export async function startHostilePharmacies(): Promise<HostilePharmacies> {
  const server = createServer((request, response) => {
    // A caller that has enough of it breaks the connection.
    response.on('error', () => undefined);
    const { pathname } = new URL(request.url ?? '', 'http://localhost');
    const [, behaviour, resource, id] = pathname.split('/');
    if (behaviour === 'hangs') return;
    if (behaviour === 'floods') return flood(response);
    if (resource === 'document') return drip(response);
    const reference = id ?? String(request.headers['idempotency-key']);
    const documents = [{ id: 'd', name: 'd.pdf', contentType: 'application/pdf', url: 'document' }];
    const status = request.method === 'POST' ? 201 : 200;
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ id: reference, reference, status: 'completed', documents }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    urlOf: (name) => `http://127.0.0.1:${port}/${name}`,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function drip(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/pdf' });
  const dripping = setInterval(() => response.write('%'), DRIP_MS);
  response.once('close', () => clearInterval(dripping));
}

function flood(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  const body = Readable.from(
    (function* chunks() {
      yield '[';
      for (let sent = 0; sent < FLOOD_CHUNKS; sent += 1) yield FLOOD_CHUNK;
      yield '0]';
    })(),
  );
  response.once('close', () => body.destroy());
  body.pipe(response);
}
