import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { createOtlpExporter } from '../../../src/tracing/otlp-exporter.ts';

const SPAN = {
  ...({ name: 'a', kind: 'client', parentSpanId: undefined, startMs: 1.5, endMs: 2 } as const),
  context: { traceId: '1'.repeat(32), spanId: '2'.repeat(16), isSampled: true },
  attributes: { 'http.response.status_code': 200, 'rx.order.id': 'x' },
  failure: 'TIMEOUT',
};

async function collect(status: number, spans: number) {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      bodies.push(body);
      response.writeHead(status).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const errors: string[] = [];
  const exporter = createOtlpExporter({
    ...{ endpoint: `http://127.0.0.1:${port}/`, headers: {}, service: 'test' },
    onError: (code) => errors.push(code),
  });
  for (let n = 0; n < spans; n += 1) exporter.export(SPAN);
  await exporter.close();
  server.close();
  return { bodies, errors };
}

it('sends spans as the protocol says, with the rest at the end', async () => {
  const { bodies } = await collect(200, 1);

  expect(JSON.parse(bodies[0] ?? '').resourceSpans).toEqual([
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'test' } }] },
      scopeSpans: [
        {
          scope: { name: 'rx-orders' },
          spans: [
            {
              ...{ traceId: '1'.repeat(32), spanId: '2'.repeat(16), name: 'a', kind: 3 },
              ...{ startTimeUnixNano: '1500000', endTimeUnixNano: '2000000' },
              attributes: [
                { key: 'http.response.status_code', value: { intValue: '200' } },
                { key: 'rx.order.id', value: { stringValue: 'x' } },
              ],
              status: { code: 2, message: 'TIMEOUT' },
            },
          ],
        },
      ],
    },
  ]);
});

it('sends many spans in several requests, and holds a bounded number', async () => {
  const { bodies } = await collect(200, 10_000);

  const counts = bodies.map((body) => JSON.parse(body).resourceSpans[0].scopeSpans[0].spans.length);
  expect(counts).toEqual(Array.from({ length: 8 }, () => 512));
});

it('drops what a collector refuses, and reports a code', async () => {
  expect((await collect(503, 1)).errors).toEqual(['HTTP_503']);
});
