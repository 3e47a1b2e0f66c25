import { setMaxListeners } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { startStack } from '../../sandbox/stack.ts';
import { watchStopSignals } from '../../sandbox/stop-signals.ts';
import { createClients } from '../deployment/clients.ts';
import { createShell } from '../deployment/shell.ts';
import { testEnvironment } from '../support/environment.ts';
import { eventually } from '../support/eventually.ts';
import { startReceiver } from '../support/receiver.ts';
import { accepts, type Collector, DEPLOYED, prepareCollector, type Span } from './collector.ts';

/*
 *   npm run test:collector
 *
 * Builds an OpenTelemetry collector of the release in docker-compose.yml, lets it validate deploy/otel/collector.yaml, and
 * sends the traces of real orders through it: before and after it is killed, and meanwhile, which must not hold up orders.
 * Needs Go; the first build takes some minutes. The last line is JSON. docs/observability.md describes it.
 */

const ORDERS = 20;
const API_KEY = 'YOUR_SECRET_KEY';
const CASE_ID = '123e4567-e89b-12d3-a456-426614174000';
/** The spans that each order has, by their program. */
const WANTED = [
  ['rx-orders-server', 'POST /api/v1/cases/:caseId'],
  ['rx-orders-worker', 'outbox start'],
  ['rx-orders-worker', 'activity placeOrder'],
  ['rx-orders-worker', 'pharmacy place'],
  ['rx-orders-server', 'POST /webhooks/pharmacies/:pharmacyId'],
  ['rx-orders-worker', 'activity fetchDocuments'],
  ['rx-orders-worker', 'webhook delivery'],
] as const;
const MISTAKES = [
  ['a receiver’s field', 'endpoint: 0.0.0.0:4318', 'endpont: 0.0.0.0:4318'],
  ['the name of an exporter', '[otlp_grpc/jaeger, spanmetrics]', '[otlp/jaeger, spanmetrics]'],
  ['a type of exporter', 'otlp_grpc/jaeger:', 'otlp_grcp/jaeger:'],
  ['a limit', 'limit_mib: 200', 'limit_mib: 0'],
] as const;
/** Of the figures, as docs/observability.md says: of a span, and of the collector. */
const LABELS = [
  ...['service_name', 'span_kind', 'span_name', 'status_code'],
  ...['job', 'collector_instance_id'],
];

const { stopping } = watchStopSignals(process.env);
setMaxListeners(0, stopping);
const since = Date.now();
const seconds = () => Math.round((Date.now() - since) / 1_000);
const say = (line: string) => console.error(`${String(seconds()).padStart(5)} s  ${line}`);

const folder = await mkdtemp(path.join(os.tmpdir(), 'rx-collector-'));
try {
  const program = await build();
  const refused = await validate(program);
  const found = await traceOrders(await prepareCollector(program, folder));
  console.log(JSON.stringify({ ...found, refused, seconds: seconds() }));
} catch (error) {
  if (!stopping.aborted) console.error(error instanceof Error ? error.message : error);
  process.exitCode = stopping.aborted ? 130 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function build(): Promise<string> {
  say('building the collector');
  const program = path.join(folder, 'otel-collector');
  const shell = createShell(path.join(folder, 'build.log'), stopping);
  await shell('go', ['build', '-trimpath', '-buildvcs=false', '-o', program, '.'], {
    cwd: path.join(import.meta.dirname, '../../tools/otel-collector'),
    env: { ...process.env, CGO_ENABLED: '0' },
    limitMs: 20 * 60_000,
  });
  return program;
}

/** A collector that accepts everything would look the same. */
async function validate(program: string): Promise<number> {
  say('validating deploy/otel/collector.yaml');
  if (!accepts(program, DEPLOYED)) throw new Error('the collector refuses the deployed file');
  const text = await readFile(DEPLOYED, 'utf8');
  const file = path.join(folder, 'mistake.yaml');
  for (const [what, right, wrong] of MISTAKES) {
    await writeFile(file, text.replace(right, wrong));
    if (!text.includes(right) || accepts(program, file)) {
      throw new Error(`the collector accepts a mistake in ${what}`);
    }
  }
  return MISTAKES.length;
}

async function traceOrders(collector: Collector) {
  await collector.start();
  const receiver = await startReceiver();
  say('starting the stack');
  const stack = await startStack({
    dataDir: path.join(folder, 'stack'),
    ports: 'free',
    env: testEnvironment({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint }),
    log: { write: () => true },
    news: process.stderr,
    signal: stopping,
  });
  try {
    const created = await fetch(`${stack.baseUrl}/api/v1/webhook-endpoints`, {
      method: 'POST',
      headers: { 'cv-api-key': API_KEY, 'content-type': 'application/json' },
      body: JSON.stringify({ url: receiver.url }),
    });
    if (created.status !== 201) throw new Error(`the endpoint was refused: ${created.status}`);
    const clients = createClients({
      ...{ baseUrl: stack.baseUrl, apiKey: API_KEY, caseId: CASE_ID, clients: 4 },
      ...{ pharmacies: ['pharmacy-123'], limitMs: 60_000, signal: stopping },
    });
    const carryOut = async (what: string) => {
      say(`${ORDERS} orders ${what}`);
      const before = new Set(clients.acknowledged.values());
      await clients.place(ORDERS);
      const placed = [...clients.acknowledged.values()].filter((id) => !before.has(id));
      await eventually(`${placed.length} orders are COMPLETED`, () => allEnded(placed), 60_000);
      return placed;
    };
    const allEnded = async (ids: readonly string[]) => {
      for (const id of ids) if ((await clients.read(id))?.status !== 'COMPLETED') return false;
      return true;
    };

    const first = await carryOut('with the collector');
    await eventually('each has its trace', () => areTraced(collector, first));
    await collector.kill();
    await carryOut('without it');
    await collector.start();
    const last = await carryOut('with it again');
    await eventually('each has its trace', () => areTraced(collector, last));

    const spans = await collector.spans();
    const traces = [...first, ...last].map((id) => tracesOf(spans, id));
    if (traces.some(({ length }) => length !== 1)) throw new Error('an order has several traces');
    await eventually('the spans are counted', async () => isCounted(await collector.figures()));
    return { orders: 3 * ORDERS, traced: traces.length, spans: spansOf(spans, traces.flat()) };
  } finally {
    await stack.stop();
    await receiver.close();
    await collector.kill();
  }
}

/** The traces with the placing of an order. */
function tracesOf(spans: readonly Span[], orderId: string): string[] {
  const placing = spans.filter((span) => span.orderId === orderId && isWanted(span));
  return [...new Set(placing.map(({ traceId }) => traceId))];
}

function isWanted({ service, name }: Span): boolean {
  return WANTED.some(([ofService, ofName]) => service === ofService && name === ofName);
}

/** Whether each order has a trace with every span that it should have, and the parent of each but the first. */
async function areTraced(collector: Collector, orderIds: readonly string[]): Promise<boolean> {
  const spans = await collector.spans();
  return orderIds.every((id) => {
    const [traceId] = tracesOf(spans, id);
    const trace = spans.filter((span) => span.traceId === traceId);
    const ids = new Set(trace.map(({ spanId }) => spanId));
    const withoutParent = trace.filter(({ parentSpanId }) => !ids.has(parentSpanId));
    return (
      withoutParent.length === 1 &&
      WANTED.every(([service, name]) =>
        trace.some((span) => span.service === service && span.name === name),
      )
    );
  });
}

/** Whether the collector has counted the orders since it started, with the documented labels. */
function isCounted(figures: string): boolean {
  const calls = [...figures.matchAll(/^traces_span_metrics_calls_total\{(.*)\} (\d+)$/gm)];
  const placed = calls.filter(([, labels]) => labels?.includes('span_name="pharmacy place"'));
  const sum = placed.reduce((total, [, , value]) => total + Number(value), 0);
  const names = calls.flatMap(([, labels = '']) =>
    [...labels.matchAll(/(\w+)="/g)].map(([, name = '']) => name),
  );
  const others = [...new Set(names)].filter((name) => !LABELS.includes(name));
  if (others.length > 0) throw new Error(`spans are counted by other labels: ${others.join(', ')}`);
  return sum === ORDERS;
}

function spansOf(spans: readonly Span[], traceIds: readonly string[]): number {
  return spans.filter(({ traceId }) => traceIds.includes(traceId)).length;
}
