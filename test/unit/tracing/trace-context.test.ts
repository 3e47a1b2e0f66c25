import { expect, it } from 'vitest';
import {
  childOf,
  formatTraceparent,
  parseTraceparent,
} from '../../../src/tracing/trace-context.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

it('reads and writes the header of the specification’s example', () => {
  const header = `00-${TRACE}-${SPAN}-01`;

  const context = parseTraceparent(header);

  expect(context).toEqual({ traceId: TRACE, spanId: SPAN, isSampled: true });
  expect(context && formatTraceparent(context)).toBe(header);
});

it('reads a header of a later version, which may have more fields', () => {
  expect(parseTraceparent(`cc-${TRACE}-${SPAN}-00-what-the-future-brings`)).toEqual({
    ...{ traceId: TRACE, spanId: SPAN, isSampled: false },
  });
});

it.each([
  ['nothing', undefined],
  ['an empty one', ''],
  ['the forbidden version', `ff-${TRACE}-${SPAN}-01`],
  ['zeros as the trace', `00-${'0'.repeat(32)}-${SPAN}-01`],
  ['zeros as the span', `00-${TRACE}-${'0'.repeat(16)}-01`],
  ['capital letters', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
  ['a line break', `00-${TRACE}-${SPAN}-01\n`],
  ['a short trace', `00-${TRACE.slice(1)}-${SPAN}-01`],
])('ignores %s', (_, header) => {
  expect(parseTraceparent(header)).toBeUndefined();
});

it('makes a span in the trace of its parent, which also decides whether it is recorded', () => {
  const parent = { traceId: TRACE, spanId: SPAN, isSampled: false };

  expect(childOf(parent)).toMatchObject({ traceId: TRACE, isSampled: false });
  expect(childOf(parent).spanId).not.toBe(SPAN);
  expect(childOf(undefined).isSampled).toBe(true);
  expect(childOf(undefined).traceId).not.toBe(childOf(undefined).traceId);
});
