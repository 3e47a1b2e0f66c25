import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { collectDefaultMetrics, type Registry } from 'prom-client';
import { codeOf } from '../lib/safe-error.ts';
import { shareResult } from '../lib/share-result.ts';
import type { Log } from '../process/log.ts';
import type { HostAndPort } from '../process/network-settings.ts';

/** A running page of metrics. */
export interface ServedMetrics {
  close(): Promise<void>;
}

/**
 * Serves the metrics of a process that has no HTTP server of its own, at `/metrics` over plain HTTP, and
 * `/healthz`. Requests within `cacheMs` share one page, so that many of them cost as much as one.
 *
 * @param options.readMore returns more metrics in Prometheus' text format. When it fails, the page has the others.
 * @throws {Error} the process cannot listen on the address.
 */
export async function serveMetrics(options: {
  readonly address: HostAndPort;
  readonly registry: Registry;
  readonly cacheMs: number;
  readonly readMore?: (() => Promise<string>) | undefined;
  readonly log: Log;
}): Promise<ServedMetrics> {
  const { address, registry, cacheMs, readMore, log } = options;
  addProcessMetrics(registry);
  const readPage = shareResult(cacheMs, async () => {
    const [own, more] = await Promise.all([registry.metrics(), readMore?.().catch(() => '')]);
    return own + (more ?? '');
  });

  const server = createServer((request, response) => {
    const [path] = (request.url ?? '').split('?');
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
    } else if (path === '/healthz') {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"ok"}');
    } else if (path === '/metrics') {
      readPage().then(
        (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
        () => response.writeHead(500).end(),
      );
    } else {
      response.writeHead(404).end();
    }
  });
  server.requestTimeout = 10_000;
  server.listen(address.port, address.host);
  await once(server, 'listening').catch((error: unknown) => {
    throw metricsAddressError(error);
  });
  const { address: host, port, family } = server.address() as AddressInfo;
  log.info('serving metrics', {
    address: `http://${family === 'IPv6' ? `[${host}]` : host}:${port}`,
  });
  return {
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** Adds what Node knows about its process: CPU, memory, event loop, garbage collection. */
export function addProcessMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
}

/** Says why a process cannot listen on `METRICS_ADDRESS`, and what to do. */
export function metricsAddressError(error: unknown): Error {
  const code = codeOf(error);
  return new Error(
    code === 'EADDRINUSE'
      ? 'METRICS_ADDRESS is taken: each process on a machine (server, worker, codec server) needs a port of its own'
      : `METRICS_ADDRESS: the process cannot listen there (${code})`,
  );
}
