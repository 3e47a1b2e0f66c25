/**
 * Formats a time as RFC 3339 in UTC with milliseconds.
 *
 * @param value a timestamp from Postgres: a `Date` from a column, or a string from JSON.
 */
export function timestamp(value: Date | string): string {
  return new Date(value).toISOString();
}
