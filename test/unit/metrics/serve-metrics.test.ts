import { Counter, Registry } from 'prom-client';
import { afterEach, expect, it } from 'vitest';
import { type ServedMetrics, serveMetrics } from '../../../src/metrics/serve-metrics.ts';
import { createKeptLog } from '../../support/logs.ts';

const open: ServedMetrics[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

async function serve(options: { port?: number; readMore?: () => Promise<string> } = {}) {
  const { port = 0, readMore } = options;
  const registry = new Registry();
  new Counter({ name: 'own_total', help: 'own', registers: [registry] }).inc();
  const log = createKeptLog();
  const address = { host: '127.0.0.1', port };
  open.push(await serveMetrics({ address, registry, cacheMs: 60_000, readMore, log }));
  return String(log.lines[0]?.fields.address);
}

it('serves the metrics of the process and those of the SDK as one page', async () => {
  const url = await serve({ readMore: async () => 'temporal_slots 3\n' });

  const response = await fetch(`${url}/metrics`);

  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=/);
  const lines = (await response.text()).split('\n');
  expect(lines).toContain('own_total 1');
  expect(lines).toContain('temporal_slots 3');
  expect(lines.some((line) => line.startsWith('process_cpu_user_seconds_total '))).toBe(true);
});

it('serves the metrics of the process when the SDK has none', async () => {
  const url = await serve({ readMore: () => Promise.reject(new Error('no answer')) });

  expect(await (await fetch(`${url}/metrics`)).text()).toContain('own_total 1');
});

it('collects once for many requests', async () => {
  let reads = 0;
  const url = await serve({
    readMore: async () => {
      reads += 1;
      return '';
    },
  });

  await Promise.all(Array.from({ length: 20 }, async () => (await fetch(`${url}/metrics`)).text()));

  expect(reads).toBe(1);
});

it('has no other page', async () => {
  const url = await serve();

  const statusOf = async (path: string, method = 'GET') =>
    (await fetch(url + path, { method })).status;
  expect(await statusOf('/healthz')).toBe(200);
  expect(await statusOf('/')).toBe(404);
  expect(await statusOf('/metrics', 'POST')).toBe(405);
});

it('says that another process has the address', async () => {
  const { port } = new URL(await serve());

  await expect(serve({ port: Number(port) })).rejects.toThrow(
    'METRICS_ADDRESS is taken: each process on a machine (server, worker, codec server) needs a port of its own',
  );
});
