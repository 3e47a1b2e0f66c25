import { setTimeout as sleep } from 'node:timers/promises';

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

/** Returns a code for the log: the class of an error and its gRPC status, which may be in its cause. */
export function temporalCode(error: unknown): string {
  if (!(error instanceof Error)) return 'UNKNOWN';
  for (const source of [error.cause, error]) {
    if (typeof source === 'object' && source !== null && 'code' in source) {
      return `${error.name}_${String(source.code)}`;
    }
  }
  return error.name;
}
