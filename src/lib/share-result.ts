/**
 * Limits how often a computation runs. Calls while it runs share its result, and so do calls within
 * `forMs` of its start, so that many callers cost as much as one.
 *
 * @param forMs in milliseconds; 0 shares only between concurrent calls.
 * @param compute its rejection is shared too.
 * @param now a monotonic clock in milliseconds.
 */
export function shareResult<T>(
  forMs: number,
  compute: () => Promise<T>,
  now: () => number = () => performance.now(),
): () => Promise<T> {
  let latest: { readonly startedAt: number; readonly result: Promise<T> } | undefined;
  let isRunning = false;
  return () => {
    if (latest !== undefined && (isRunning || now() - latest.startedAt < forMs)) {
      return latest.result;
    }
    isRunning = true;
    const result = compute().finally(() => {
      isRunning = false;
    });
    latest = { startedAt: now(), result };
    return result;
  };
}
