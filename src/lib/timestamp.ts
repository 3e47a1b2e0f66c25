/** RFC 3339 in UTC with milliseconds, from what Postgres gives as a timestamp or inside JSON. */
export function timestamp(value: Date | string): string {
  return new Date(value).toISOString();
}
