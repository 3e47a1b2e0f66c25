/** Longest wait that another server can ask of us; beyond it, our own backoff decides. */
const LONGEST_MS = 60 * 60_000;

/**
 * Reads a `Retry-After` header: seconds or an HTTP date (RFC 9110, section 10.2.3).
 *
 * @param now milliseconds since the epoch.
 * @returns milliseconds, at most an hour; undefined for no header or one that is malformed.
 */
export function parseRetryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const ms = parse(header.trim(), now);
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), LONGEST_MS);
}

function parse(text: string, now: number): number {
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  // Only of an HTTP date: `Date.parse` makes some date of `-5` and `1.5`, too.
  return / GMT$/.test(text) ? Date.parse(text) - now : Number.NaN;
}
