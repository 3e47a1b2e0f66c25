import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { examplePlaceOrder } from '../support/example.ts';
import { startReceiver, type TestReceiver } from '../support/receiver.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

/** A span as a collector gets it (OTLP over HTTP with JSON). */
interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly service: string;
}

const CASE = '/api/v1/cases/123e4567-e89b-12d3-a456-426614174000';
const HEADERS = { 'cv-api-key': 'YOUR_SECRET_KEY', 'content-type': 'application/json' };

let collector: Server;
const bodies: string[] = [];
const spans: OtlpSpan[] = [];
let receiver: TestReceiver;
let test: TestStack;
beforeAll(async () => {
  collector = createServer((request, response) => {
    void text(request).then((body) => {
      expect(request.url).toBe('/v1/traces');
      expect(request.headers['x-api-key']).toBe('a secret');
      bodies.push(body);
      for (const { resource, scopeSpans } of JSON.parse(body).resourceSpans) {
        const service = resource.attributes[0].value.stringValue;
        for (const { spans: sent } of scopeSpans) {
          for (const span of sent) spans.push({ ...span, service });
        }
      }
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  }).listen(0, '127.0.0.1');
  await once(collector, 'listening');
  const { port } = collector.address() as AddressInfo;
  test = await startTestStack({
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
    OTEL_EXPORTER_OTLP_HEADERS: 'x-api-key=a%20secret',
  });
  receiver = await startReceiver();
  const created = await fetch(`${test.stack.baseUrl}/api/v1/webhook-endpoints`, {
    method: 'POST',
    headers: HEADERS,
    body: JSON.stringify({ url: receiver.url }),
  });
  expect(created.ok).toBe(true);
});
afterAll(async () => {
  await test?.close();
  await receiver?.close();
  collector?.close();
});

/** Places an order that the simulator completes; returns its id when it has ended. */
async function place(headers: Record<string, string> = {}): Promise<string> {
  const request = examplePlaceOrder();
  const response = await fetch(test.stack.baseUrl + CASE, {
    method: 'POST',
    headers: { ...HEADERS, ...headers },
    body: JSON.stringify({ ...request, idempotencyKey: randomUUID() }),
  });
  const { data } = (await response.json()) as { data: { order: { id: string } } };
  expect((await test.end(data.order.id)).status).toBe('COMPLETED');
  return data.order.id;
}

const traceOf = (traceId: string) => spans.filter((span) => span.traceId === traceId);

it('an order is one trace, from the client’s request to the webhook about its end', async () => {
  const traceId = randomBytes(16).toString('hex');
  const clientSpan = randomBytes(8).toString('hex');
  await place({ traceparent: `00-${traceId}-${clientSpan}-01` });

  const wanted = [
    ['rx-orders-server', `POST /api/v1/cases/:caseId`],
    ['rx-orders-worker', 'outbox start'],
    ['rx-orders-worker', 'activity validateOrder'],
    ['rx-orders-worker', 'activity placeOrder'],
    ['rx-orders-worker', 'pharmacy place'],
    ['rx-orders-server', 'POST /webhooks/pharmacies/:pharmacyId'],
    ['rx-orders-worker', 'outbox completion'],
    ['rx-orders-worker', 'activity fetchDocuments'],
    ['rx-orders-worker', 'pharmacy download'],
    ['rx-orders-worker', 'webhook delivery'],
  ] as const;
  const missing = () =>
    wanted.filter(
      ([service, name]) =>
        !traceOf(traceId).some((span) => span.service === service && span.name === name),
    );
  await eventually('all spans came', async () => missing().length === 0).catch(() => undefined);
  expect(missing()).toEqual([]);

  const all = traceOf(traceId);
  const ids = new Set([clientSpan, ...all.map(({ spanId }) => spanId)]);
  expect(all.filter(({ parentSpanId = '' }) => !ids.has(parentSpanId))).toEqual([]);
  const [request] = all.filter(({ name }) => name === `POST ${'/api/v1/cases/:caseId'}`);
  expect(request?.parentSpanId).toBe(clientSpan);
  const byId = new Map(all.map((span) => [span.spanId, span]));
  const parentOf = (name: string) =>
    byId.get(all.find((span) => span.name === name)?.parentSpanId ?? '')?.name;
  expect(parentOf('pharmacy place')).toBe('activity placeOrder');
  expect(parentOf('outbox start')).toBe('POST /api/v1/cases/:caseId');
  for (const { startTimeUnixNano: start, endTimeUnixNano: end } of all) {
    expect(BigInt(end) >= BigInt(start)).toBe(true);
  }
});

it('an order without a trace begins one; one that its client does not record sends nothing', async () => {
  const orderId = await place();
  const own = await eventually('it has spans', async () => {
    const body = bodies.find((each) => each.includes(orderId));
    return body;
  });
  expect(own).toContain('rx.order.id');

  const traceId = randomBytes(16).toString('hex');
  await place({ traceparent: `00-${traceId}-${'1'.repeat(16)}-00` });
  const later = await place();
  await eventually('later spans came', async () =>
    bodies.some((each) => each.includes('webhook delivery') && each.includes(later)),
  );
  expect(traceOf(traceId)).toEqual([]);
});

it('no span has patient data or a URL', () => {
  const sent = bodies.join('\n');
  const data = textsIn(examplePlaceOrder().order).filter((each) => !each.startsWith('pharmacy-'));
  expect(data.length).toBeGreaterThan(10);
  expect(data.filter((each) => sent.includes(each))).toEqual([]);
  expect(sent).not.toContain('http://');
  expect(sent).not.toContain('123e4567'); // of the case
});

/** The texts of a value that are too long to be a part of something else. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return value.length > 6 ? [value] : [];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
