import { setTimeout as sleep } from 'node:timers/promises';

/** One call to Temporal; beyond it the outcome is unknown and the call is made again. */
const DEADLINE_MS = 5_000;

/** Runs a call so that it ends by a time, in milliseconds since the epoch; a connection's own. */
export type WithDeadline = <T>(deadline: number, run: () => Promise<T>) => Promise<T>;

/** Temporal did not answer; whether it did what it was asked is not known. */
class TemporalTimeoutError extends Error {
  override readonly name = 'TemporalTimeoutError';
}

/**
 * Makes a call to Temporal and waits for it no longer than ten seconds: a native connection's own
 * deadline of five is not always kept, so a timer stands behind it.
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

/** A code for the log: an error's class and its gRPC status, which may stand in its cause. */
export function temporalCode(error: unknown): string {
  if (!(error instanceof Error)) return 'UNKNOWN';
  for (const source of [error.cause, error]) {
    if (typeof source === 'object' && source !== null && 'code' in source) {
      return `${error.name}_${String(source.code)}`;
    }
  }
  return error.name;
}
