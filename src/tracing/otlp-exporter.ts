import type { Attributes, EndedSpan, SpanKind, SpanSink } from './tracer.ts';

/** Spans that are sent at once. */
const MOST_AT_ONCE = 512;
/** Spans that wait at most; a collector that is away must not fill the memory. */
const MOST_WAITING = 4_096;
const EVERY_MS = 1_000;
const TIMEOUT_MS = 10_000;
/** `SpanKind` of OTLP. */
const KINDS: Readonly<Record<SpanKind, number>> = {
  internal: 1,
  server: 2,
  client: 3,
  producer: 4,
};

/** Sends spans to a collector. */
export interface OtlpExporter {
  readonly export: SpanSink;
  /** Sends what is waiting. */
  close(): Promise<void>;
}

/**
 * Creates an exporter that speaks OTLP over HTTP with JSON (OpenTelemetry protocol 1.x). A batch that cannot be
 * delivered is dropped: traces are for people, and nothing waits for them.
 *
 * @param options.endpoint the base URL, as `OTEL_EXPORTER_OTLP_ENDPOINT` names it: `/v1/traces` is appended.
 * @param options.onError called with a code when a batch is dropped.
 */
export function createOtlpExporter(options: {
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly service: string;
  readonly onError: (code: string) => void;
}): OtlpExporter {
  const { endpoint, headers, service, onError } = options;
  const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`;
  const resource = { attributes: attributesOf({ 'service.name': service }) };
  let waiting: EndedSpan[] = [];
  let sending: Promise<void> = Promise.resolve();
  const timer = setInterval(() => void flush(), EVERY_MS);
  timer.unref();

  function flush(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, MOST_AT_ONCE);
      waiting = waiting.slice(MOST_AT_ONCE);
      sending = sending.then(() => send(batch));
    }
    return sending;
  }

  /** Never throws. */
  async function send(batch: readonly EndedSpan[]): Promise<void> {
    const scopeSpans = [{ scope: { name: 'rx-orders' }, spans: batch.map(toOtlp) }];
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans }] }),
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      await response.arrayBuffer();
      if (!response.ok) onError(`HTTP_${response.status}`);
    } catch (error) {
      onError(error instanceof Error ? error.name : 'UNKNOWN');
    }
  }

  return {
    export(span) {
      if (waiting.length < MOST_WAITING) waiting.push(span);
    },
    async close() {
      clearInterval(timer);
      await flush();
    },
  };
}

function toOtlp(span: EndedSpan) {
  const { name, kind, context, parentSpanId, startMs, endMs, attributes, failure } = span;
  return {
    traceId: context.traceId,
    spanId: context.spanId,
    ...(parentSpanId === undefined ? {} : { parentSpanId }),
    name,
    kind: KINDS[kind],
    startTimeUnixNano: nanoseconds(startMs),
    endTimeUnixNano: nanoseconds(endMs),
    attributes: attributesOf(attributes),
    // 2: error.
    status: failure === undefined ? {} : { code: 2, message: failure },
  };
}

function attributesOf(attributes: Attributes) {
  return Object.entries(attributes).map(([key, value]) => ({
    key,
    value:
      typeof value === 'number' ? { intValue: String(Math.round(value)) } : { stringValue: value },
  }));
}

function nanoseconds(ms: number): string {
  return `${BigInt(Math.round(ms * 1_000)) * 1_000n}`;
}
