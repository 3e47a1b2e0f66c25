import { type CancelledFailure, Context } from '@temporalio/activity';

/** A signal that aborts when the attempt is cancelled or times out, or when the worker shuts down. */
export function abortSignal(): AbortSignal {
  return Context.current().cancellationSignal;
}

/**
 * The error with which an attempt ends when the workflow has cancelled its activity; undefined in every
 * other case, also when the worker shuts down, because the activity is retried then.
 */
export function cancelledByWorkflow(): CancelledFailure | undefined {
  const { cancellationDetails, cancellationSignal } = Context.current();
  return cancellationDetails?.cancelRequested === true
    ? (cancellationSignal.reason as CancelledFailure)
    : undefined;
}

/**
 * As {@link abortSignal}, but a cancellation by the workflow does not abort it: for a request that must
 * not be given up while its outcome is unknown.
 */
export function uninterruptedSignal(): AbortSignal {
  const controller = new AbortController();
  abortSignal().addEventListener('abort', () => {
    if (cancelledByWorkflow() === undefined) controller.abort(abortSignal().reason);
  });
  return controller.signal;
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
