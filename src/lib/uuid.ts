import { stringify } from 'uuid';

/** Returns whether a text is a UUID. Postgres fails if a uuid column is compared with anything else. */
export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

/** Whether two ids are the same. UUIDs compare without letter case (RFC 9562, section 4). */
export function sameId(a: string, b: string): boolean {
  return a === b || (isUuid(a) && a.toLowerCase() === b.toLowerCase());
}

/** Returns the lowest UUID of version 7 of a time: every id that was made earlier sorts before it (RFC 9562, section 5.7). */
export function lowestUuidOf(time: Date): string {
  const hex = time.getTime().toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}

/** Returns when a UUID of version 7 was made, to the millisecond; undefined for any other text. */
export function timeOfUuid(text: string): Date | undefined {
  if (!isUuid(text) || text[14] !== '7') return undefined;
  return new Date(Number.parseInt(text.replace('-', '').slice(0, 12), 16));
}

/** Makes a UUID of version 8 (RFC 9562, section 5.8) of a hash, so that the same hash gives the same id. */
export function uuidOfHash(hash: Buffer): string {
  const bytes = Buffer.from(hash.subarray(0, 16));
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return stringify(bytes);
}
