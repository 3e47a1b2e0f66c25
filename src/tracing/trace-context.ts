import { randomBytes } from 'node:crypto';

/** Where a span is in its trace: what the header `traceparent` carries (W3C Trace Context, level 1). */
export interface TraceContext {
  readonly traceId: string;
  readonly spanId: string;
  /** Whether the one who began the trace wants it recorded. */
  readonly isSampled: boolean;
}

/** Reads a `traceparent`; undefined for anything else, which the specification has us ignore. */
export function parseTraceparent(text: string | null | undefined): TraceContext | undefined {
  const match = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-|$)/.exec(
    text ?? '',
  );
  const [, traceId = '', spanId = '', flags = ''] = match ?? [];
  if (match === null || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export function formatTraceparent({ traceId, spanId, isSampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;
}

/** The context of a new span: in the trace of its parent, or in a trace of its own. */
export function childOf(parent: TraceContext | undefined): TraceContext {
  return {
    traceId: parent?.traceId ?? randomBytes(16).toString('hex'),
    spanId: randomBytes(8).toString('hex'),
    isSampled: parent?.isSampled ?? true,
  };
}
