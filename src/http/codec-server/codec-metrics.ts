import { Counter, type Registry } from 'prom-client';

/** Adds the metrics of the codec server; returns the function that counts an answer. */
export function createCodecMetrics(
  registry: Registry,
): (route: string | undefined, status: number) => void {
  const requests = new Counter({
    name: 'rx_codec_requests_total',
    help: 'Requests answered by the codec server, by route and status.',
    labelNames: ['route', 'status'],
    registers: [registry],
  });
  return (route, status) => requests.inc({ route: route ?? 'unknown', status: String(status) });
}
