import type { Sql } from '../storage/database.ts';
import { inSpan, isTracing } from '../tracing/tracer.ts';

/** Orders whose trace this worker remembers. */
const MOST_REMEMBERED = 1_000;

/**
 * Wraps the activities of orders so that each attempt is a span in the trace of its order. Postgres knows the trace, so
 * the workflows and their histories have nothing to do with it. While tracing is off, returns the activities as they are.
 */
export function traceSteps<Activities extends object>(
  sql: Sql,
  activities: Activities,
): Activities {
  if (!isTracing()) return activities;
  const remembered = new Map<string, string | undefined>();

  async function traceparentOf(orderId: string): Promise<string | undefined> {
    if (remembered.has(orderId)) return remembered.get(orderId);
    // A trace must not make an activity fail.
    const rows = await sql<{ traceparent: string | null }[]>`
      SELECT traceparent FROM orders WHERE id = ${orderId}`.catch(() => []);
    const traceparent = rows[0]?.traceparent ?? undefined;
    if (remembered.size >= MOST_REMEMBERED) remembered.clear();
    if (rows.length > 0) remembered.set(orderId, traceparent);
    return traceparent;
  }

  const traced = Object.entries(activities).map(([name, run]) => [
    name,
    async (orderId: string, ...more: unknown[]) =>
      await inSpan(
        `activity ${name}`,
        { parent: await traceparentOf(orderId), attributes: { 'rx.order.id': orderId } },
        () => (run as (...all: unknown[]) => Promise<unknown>)(orderId, ...more),
      ),
  ]);
  return Object.fromEntries(traced) as Activities;
}
