import { AsyncLocalStorage } from 'node:async_hooks';
import {
  childOf,
  formatTraceparent,
  parseTraceparent,
  type TraceContext,
} from './trace-context.ts';

/** The kinds of OTLP: what a span is to the other side. */
export type SpanKind = 'internal' | 'server' | 'client' | 'producer';

/** What may be an attribute: ids, codes and numbers, never patient data. */
export type Attributes = Readonly<Record<string, string | number>>;

/** A span that has ended. */
export interface EndedSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly context: TraceContext;
  readonly parentSpanId: string | undefined;
  /** Milliseconds since the epoch. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  /** A code; undefined when it succeeded. */
  readonly failure: string | undefined;
}

/** Takes ended spans. */
export type SpanSink = (span: EndedSpan) => void;

/** A span under way. */
export interface Span {
  context: TraceContext;
  parent: TraceContext | undefined;
  attributes: Attributes;
  failure: string | undefined;
}

/** Where the spans of this process go; undefined while tracing is off. */
let sink: SpanSink | undefined;
const current = new AsyncLocalStorage<Span>();

/** Switches tracing on. A process does so once, before it serves anything. */
export function startTracing(to: SpanSink): void {
  sink = to;
}

/** Whether spans are recorded, so that what only traces need is read from Postgres. */
export function isTracing(): boolean {
  return sink !== undefined;
}

/** The `traceparent` of the current span, to store or to send; undefined without one. */
export function currentTraceparent(): string | undefined {
  const span = current.getStore();
  return span && formatTraceparent(span.context);
}

/** Moves the current span into the trace of an order that it turned out to be about. */
export function joinTrace(traceparent: string | null | undefined): void {
  const span = current.getStore();
  const parent = parseTraceparent(traceparent);
  if (span === undefined || parent === undefined) return;
  span.parent = parent;
  span.context = { ...parent, spanId: span.context.spanId };
}

/** Options of {@link inSpan}. */
interface SpanOptions {
  readonly kind?: SpanKind;
  /** A `traceparent`. Default: the current span. */
  readonly parent?: string | null | undefined;
  readonly attributes?: Attributes;
}

/** Runs `work` in a span. While tracing is off, it only runs it. */
export async function inSpan<T>(
  name: string,
  { kind = 'internal', parent, attributes = {} }: SpanOptions,
  work: () => Promise<T>,
): Promise<T> {
  if (sink === undefined) return await work();
  const span = begin(parent, attributes);
  const startMs = Date.now();
  const since = performance.now();
  try {
    return await current.run(span, work);
  } catch (error) {
    span.failure = failureOf(error);
    throw error;
  } finally {
    end(span, name, kind, startMs, since);
  }
}

/**
 * Begins a span that ends with a callback, for a request.
 *
 * @returns `run` runs a part of the work in the span; `end` ends it. undefined while tracing is off.
 */
export function openSpan(
  kind: SpanKind,
  parent: string | undefined,
):
  | { run<T>(work: () => T): T; end(name: string, attributes: Attributes, failure?: string): void }
  | undefined {
  if (sink === undefined) return undefined;
  const span = begin(parent, {});
  const startMs = Date.now();
  const since = performance.now();
  return {
    run: (work) => current.run(span, work),
    end(name, attributes, failure) {
      span.attributes = attributes;
      span.failure = failure;
      end(span, name, kind, startMs, since);
    },
  };
}

function begin(traceparent: string | null | undefined, attributes: Attributes): Span {
  const parent = parseTraceparent(traceparent) ?? current.getStore()?.context;
  return { context: childOf(parent), parent, attributes, failure: undefined };
}

function end(span: Span, name: string, kind: SpanKind, startMs: number, since: number): void {
  const { context, parent, attributes, failure } = span;
  if (!context.isSampled) return;
  const endMs = startMs + performance.now() - since;
  sink?.({
    name,
    kind,
    context,
    parentSpanId: parent?.spanId,
    startMs,
    endMs,
    attributes,
    failure,
  });
}

/** A code, never a message: it may quote patient data. */
function failureOf(error: unknown): string {
  if (!(error instanceof Error)) return 'UNKNOWN';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
