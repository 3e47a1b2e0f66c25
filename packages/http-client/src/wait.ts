/**
 * Computes the wait before the next attempt: exponential backoff with full jitter. The upper bound
 * doubles with each attempt; the jitter keeps clients that failed together from returning together.
 *
 * @param attempt the number of the attempt that just failed, from 1.
 * @param random a number in [0, 1).
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

/**
 * Parses a `Retry-After` header: seconds or an HTTP date (RFC 9110, section 10.2.3).
 *
 * @param now milliseconds since the epoch.
 * @returns milliseconds; undefined when the header is missing or malformed.
 */
export function parseRetryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const text = header.trim();
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  // `Date.parse` also accepts `-5` and `1.5`, so require the form of an HTTP date.
  const ms = / GMT$/.test(text) ? Date.parse(text) - now : Number.NaN;
  return Number.isNaN(ms) ? undefined : Math.max(ms, 0);
}

/** Waits for some milliseconds or until the signal aborts, whichever comes first. */
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

/** Whether a signal has aborted. A call, because the compiler would assume that a field stays the same. */
export function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}
