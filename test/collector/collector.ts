import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { stringify } from 'yaml';
import { pickFreePorts } from '../../sandbox/ports.ts';
import { eventually } from '../support/eventually.ts';

/** The configuration of the compose file's collector. */
export const DEPLOYED = path.join(import.meta.dirname, '../../deploy/otel/collector.yaml');

/** Whether a collector accepts a configuration; it starts nothing. */
export function accepts(program: string, file: string): boolean {
  const { error, status } = spawnSync(program, ['validate', `--config=${file}`]);
  if (error !== undefined) throw error;
  return status === 0;
}

/** A span as the collector has passed it on. */
export interface Span {
  readonly service: string;
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  /** undefined for a span that is not of an order. */
  readonly orderId: string | undefined;
}

/** A running collector. */
export interface Collector {
  /** Where programs send traces: the value of `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly endpoint: string;
  start(): Promise<void>;
  /** Kills it. */
  kill(): Promise<void>;
  /** Reads what the store has received. */
  spans(): Promise<Span[]>;
  /** Reads the figures that Prometheus scrapes. */
  figures(): Promise<string>;
}

/**
 * Prepares a collector with the deployed configuration, on loopback. In place of Jaeger, the same process takes what the
 * exporter sends by gRPC, and writes it to a file.
 *
 * @param folder gets the file, a configuration and a log.
 */
export async function prepareCollector(program: string, folder: string): Promise<Collector> {
  const [otlp, health, store, figures, own] = await pickFreePorts(5);
  const on = (port: number | undefined) => `127.0.0.1:${port}`;
  const file = path.join(folder, 'spans.ndjson');
  const changes = path.join(folder, 'loopback.yaml');
  const reader = { pull: { exporter: { prometheus: { host: '127.0.0.1', port: own } } } };
  // Merged with the deployed file: its pipelines stay as they are.
  await writeFile(
    changes,
    stringify({
      extensions: { health_check: { endpoint: on(health) } },
      receivers: {
        otlp: { protocols: { http: { endpoint: on(otlp) } } },
        'otlp/store': { protocols: { grpc: { endpoint: on(store) } } },
      },
      connectors: { spanmetrics: { metrics_flush_interval: '1s' } },
      exporters: {
        'otlp_grpc/jaeger': { endpoint: on(store) },
        prometheus: { endpoint: on(figures) },
        file: { path: file, append: true },
      },
      service: {
        telemetry: { metrics: { readers: [reader] } },
        pipelines: { 'traces/store': { receivers: ['otlp/store'], exporters: ['file'] } },
      },
    }),
  );
  let child: ChildProcess | undefined;
  process.once('exit', () => child?.kill('SIGKILL'));

  return {
    endpoint: `http://${on(otlp)}`,
    async start() {
      const started = spawn(program, [`--config=${DEPLOYED}`, `--config=${changes}`], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let said = '';
      started.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
      child = started;
      await eventually('the collector is ready', async () => {
        if (started.exitCode !== null) throw new Error(`the collector has ended:\n${said}`);
        const answer = await fetch(`http://${on(health)}`).catch(() => undefined);
        return answer?.status === 200;
      });
    },
    async kill() {
      const ended = child && child.exitCode === null ? once(child, 'exit') : undefined;
      child?.kill('SIGKILL');
      await ended;
    },
    async spans() {
      const text = await readFile(file, 'utf8');
      return text.split('\n').slice(0, -1).flatMap(spansOf);
    },
    async figures() {
      return await (await fetch(`http://${on(figures)}/metrics`)).text();
    },
  };
}

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string };
}

interface Batch {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly {
      readonly spans: readonly (Omit<Span, 'service' | 'orderId'> & {
        readonly attributes?: readonly Attribute[];
      })[];
    }[];
  }[];
}

function spansOf(line: string): Span[] {
  const { resourceSpans } = JSON.parse(line) as Batch;
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = valueOf(resource.attributes, 'service.name') ?? '';
    return scopeSpans.flatMap(({ spans }) =>
      spans.map(({ name, traceId, spanId, parentSpanId = '', attributes = [] }) => ({
        ...{ service, name, traceId, spanId, parentSpanId },
        orderId: valueOf(attributes, 'rx.order.id'),
      })),
    );
  });
}

function valueOf(attributes: readonly Attribute[], name: string): string | undefined {
  return attributes.find(({ key }) => key === name)?.value.stringValue;
}
