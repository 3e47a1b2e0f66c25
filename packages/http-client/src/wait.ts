/**
 * How long to wait before the next attempt, with full jitter: any time up to a bound that doubles
 * with each attempt, so that clients which failed together don't come back together.
 *
 * @param attempt the one that just failed, from 1.
 * @param random in [0, 1).
 * @returns milliseconds.
 */
export function backoffMs(
  attempt: number,
  limits: { readonly initialDelayMs: number; readonly maxDelayMs: number },
  random: number = Math.random(),
): number {
  const doublings = Math.min(attempt - 1, 40);
  return random * Math.min(limits.initialDelayMs * 2 ** doublings, limits.maxDelayMs);
}

/** Waits, in milliseconds, or until the signal aborts; which of the two is not told. */
export async function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  if (isAborted(signal)) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done);
  });
}

/** Whether a signal has aborted; a call, so that the compiler takes no earlier look for granted. */
export function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}
