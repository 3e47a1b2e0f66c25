/** The longest wait that we accept from another server. */
const MAX_MS = 60 * 60_000;

/**
 * Reads a `Retry-After` header: seconds or an HTTP date (RFC 9110, section 10.2.3).
 *
 * @param header null if the response has no such header.
 * @param now milliseconds since the epoch.
 * @returns milliseconds from now, at most an hour; undefined if the header is missing or malformed.
 */
export function parseRetryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const ms = parse(header.trim(), now);
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), MAX_MS);
}

function parse(text: string, now: number): number {
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  // Checked first, because `Date.parse` also turns `-5` and `1.5` into dates.
  return / GMT$/.test(text) ? Date.parse(text) - now : Number.NaN;
}
