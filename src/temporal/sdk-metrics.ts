import { once } from 'node:events';
import { createServer } from 'node:net';
import type { PrometheusMetricsExporter } from '@temporalio/worker';

const HOST = '127.0.0.1';
/** How long the exporter may take to answer, in milliseconds. */
const READ_TIMEOUT_MS = 5_000;

/** The metrics of Temporal's SDK, such as the latency of tasks and free slots. */
export interface SdkMetrics {
  /** An option of the SDK's runtime. */
  readonly exporter: PrometheusMetricsExporter;
  /** Returns the metrics in Prometheus' text format. */
  read(): Promise<string>;
}

/**
 * Prepares the SDK's own exporter. Its native core counts and serves the metrics itself, so it gets a port on
 * loopback, from which the page of the process includes them.
 */
export async function createSdkMetrics(): Promise<SdkMetrics> {
  const address = `${HOST}:${await freePort()}`;
  return {
    exporter: {
      prometheus: {
        bindAddress: address,
        countersTotalSuffix: true,
        unitSuffix: true,
        useSecondsForDurations: true,
      },
    },
    async read() {
      const signal = AbortSignal.timeout(READ_TIMEOUT_MS);
      const response = await fetch(`http://${address}/metrics`, { signal });
      if (!response.ok) throw new Error(`the SDK answered ${response.status}`);
      return await response.text();
    },
  };
}

/** Finds a free port: the SDK does not say which one it got when it may choose. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, HOST);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
