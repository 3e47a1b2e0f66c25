import { Context } from '@temporalio/activity';

/** A signal that aborts when the attempt is cancelled or times out, or when the worker shuts down. */
export function abortSignal(): AbortSignal {
  return Context.current().cancellationSignal;
}

/** The number of the current attempt, from 1. */
export function attempt(): number {
  return Context.current().info.attempt;
}

/**
 * Sends heartbeats while `work` runs, so that Temporal notices a dead worker within the heartbeat
 * timeout instead of the much longer start-to-close timeout.
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
