import { setTimeout as sleep } from 'node:timers/promises';
import { SEARCH_ATTRIBUTE_NAMES } from './search-attributes.ts';

/** The gRPC deadline of one call to Temporal, in milliseconds. */
const DEADLINE_MS = 5_000;

/**
 * The method `withDeadline` of a connection: runs a call that must end by a time in milliseconds since
 * the epoch.
 */
export type WithDeadline = <T>(deadline: number, run: () => Promise<T>) => Promise<T>;

/** Temporal did not answer. Whether the call took effect is unknown. */
class TemporalTimeoutError extends Error {
  override readonly name = 'TemporalTimeoutError';
}

/**
 * Makes a call to Temporal with a gRPC deadline of five seconds. A native connection does not always
 * keep its deadline, so a timer ends the wait after ten seconds. After a timeout the outcome is unknown;
 * callers repeat the call.
 *
 * @throws {TemporalTimeoutError} after ten seconds.
 */
export async function callWithTimeout<T>(
  withDeadline: WithDeadline,
  run: () => Promise<T>,
): Promise<T> {
  const timer = new AbortController();
  try {
    return await Promise.race([
      withDeadline(Date.now() + DEADLINE_MS, run),
      sleep(DEADLINE_MS * 2, undefined, { signal: timer.signal }).then(() => {
        throw new TemporalTimeoutError();
      }),
    ]);
  } finally {
    timer.abort();
  }
}

/**
 * Returns a code for the log: the class of an error and its gRPC status, which may be in its cause. If
 * Temporal refuses a search attribute of orders, the code names it, such as `SEARCH_ATTRIBUTE_MISSING_OrderId`.
 */
export function temporalCode(error: unknown): string {
  if (!(error instanceof Error)) return 'UNKNOWN';
  const source = statusSource(error);
  if (source === undefined) return error.name;
  return searchAttributeCode(source) ?? `${error.name}_${String(source.code)}`;
}

/** Returns the gRPC status of an error or of its cause; undefined without one. */
export function grpcStatus(error: unknown): number | undefined {
  const code = error instanceof Error ? statusSource(error)?.code : undefined;
  return typeof code === 'number' ? code : undefined;
}

/** The error itself or its cause, whichever has a status. */
function statusSource(
  error: Error,
): { readonly code: unknown; readonly message?: unknown } | undefined {
  for (const source of [error.cause, error]) {
    if (typeof source === 'object' && source !== null && 'code' in source) return source;
  }
  return undefined;
}

const INVALID_ARGUMENT = 3;

/** The message may contain values, so the code takes only a name that is known. */
function searchAttributeCode({
  code,
  message,
}: {
  code: unknown;
  message?: unknown;
}): string | undefined {
  if (code !== INVALID_ARGUMENT || typeof message !== 'string') return undefined;
  const name = /search attribute:? ["'`]?(\w+)/i.exec(message)?.[1];
  if (name === undefined || !SEARCH_ATTRIBUTE_NAMES.includes(name)) return undefined;
  // Depending on its store, Temporal has "no mapping defined for" it, or it "is not defined".
  return `SEARCH_ATTRIBUTE_${/defined/.test(message) ? 'MISSING' : 'INVALID'}_${name}`;
}
