/** Returns whether a text is a UUID. Postgres fails if a uuid column is compared with anything else. */
export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

/** Whether two ids are the same. UUIDs compare without letter case (RFC 9562, section 4). */
export function sameId(a: string, b: string): boolean {
  return a === b || (isUuid(a) && a.toLowerCase() === b.toLowerCase());
}
