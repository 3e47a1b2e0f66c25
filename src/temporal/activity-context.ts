import { type CancelledFailure, Context } from '@temporalio/activity';

/** A signal that aborts when the attempt is cancelled or times out, or when the worker shuts down. */
export function abortSignal(): AbortSignal {
  return Context.current().cancellationSignal;
}

/**
 * The error with which an attempt ends when the workflow has cancelled its activity; undefined in every
 * other case, also when the worker shuts down, because the activity is retried then.
 *
 * @param context the context of the activity, for a caller that the SDK calls outside of it.
 */
export function cancelledByWorkflow(context = Context.current()): CancelledFailure | undefined {
  const { cancellationDetails, cancellationSignal } = context;
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
  const context = Context.current();
  const { cancellationSignal } = context;
  // The SDK aborts it outside of the activity, where there is no current context.
  cancellationSignal.addEventListener('abort', () => {
    if (cancelledByWorkflow(context) === undefined) controller.abort(cancellationSignal.reason);
  });
  return controller.signal;
}

/** Whether this is a local activity, which runs inside of a workflow task. */
export function isLocal(): boolean {
  return Context.current().info.isLocal;
}

/** The number of the current attempt, from 1. */
export function attempt(): number {
  return Context.current().info.attempt;
}

/**
 * When Temporal scheduled the current attempt, in milliseconds since the epoch, by Temporal's clock. A
 * workflow's `Date.now()` follows the same clock.
 */
export function scheduledAtMs(): number {
  return Context.current().info.currentAttemptScheduledTimestampMs;
}

const endings = new WeakMap<Context, (() => void)[]>();

/** Calls back when the current attempt ends, whatever its result. It must run in {@link withHeartbeat}. */
export function onActivityEnd(callback: () => void): void {
  const callbacks = endings.get(Context.current());
  if (callbacks === undefined) throw new Error('this activity does not run in withHeartbeat');
  callbacks.push(callback);
}

/**
 * Sends heartbeats while `work` runs, so that Temporal notices a dead worker within the heartbeat
 * timeout instead of the much longer start-to-close timeout.
 */
export async function withHeartbeat<T>(work: () => Promise<T>): Promise<T> {
  const context = Context.current();
  const timeoutMs = context.info.heartbeatTimeoutMs;
  const beat = () => context.heartbeat();
  const timer = timeoutMs === undefined ? undefined : setInterval(beat, timeoutMs / 4);
  const callbacks: (() => void)[] = [];
  endings.set(context, callbacks);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    for (const callback of callbacks) callback();
  }
}
