import { Context } from '@temporalio/activity';

/** Aborts when the attempt is cancelled, times out or the worker shuts down. */
export function abortSignal(): AbortSignal {
  return Context.current().cancellationSignal;
}

/** Which attempt this is, from 1. */
export function attempt(): number {
  return Context.current().info.attempt;
}

/**
 * Heartbeats while `work` runs, so that the server notices a dead worker within the heartbeat
 * timeout, not only at the end of the attempt's time.
 */
export async function withHeartbeat<T>(work: () => Promise<T>): Promise<T> {
  const context = Context.current();
  const timeoutMs = context.info.heartbeatTimeoutMs;
  if (timeoutMs === undefined) return await work();
  const timer = setInterval(() => context.heartbeat(), timeoutMs / 4);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
