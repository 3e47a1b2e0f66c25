import type { Needle } from './needles.ts';

/** How many leading bytes of a needle select its bucket. */
const PREFIX = 4;

/**
 * Finds many needles at once in chunks of bytes, also across the borders of chunks.
 *
 * At each position it looks the first four bytes up in a bit table of 1 MiB. Only if the bit is set, it
 * compares the needles that begin with these bytes. There are few needles among the 2^32 possible
 * beginnings, so almost every position costs one lookup.
 */
export class Needles {
  readonly longest: number;
  private readonly maybe = new Uint8Array(1 << 20);
  private readonly byPrefix = new Map<number, Needle[]>();

  /** @throws {RangeError} a needle has fewer than four bytes. */
  constructor(needles: readonly Needle[]) {
    let longest = PREFIX;
    for (const needle of needles) {
      if (needle.bytes.length < PREFIX) throw new RangeError('a needle has at least 4 bytes');
      longest = Math.max(longest, needle.bytes.length);
      const prefix = needle.bytes.readInt32LE(0);
      this.maybe[slot(prefix)] = 1;
      this.byPrefix.set(prefix, [...(this.byPrefix.get(prefix) ?? []), needle]);
    }
    this.longest = longest;
  }

  /** Starts a search through the chunks of one stream. */
  start(): NeedleStream {
    return new NeedleStream(this);
  }

  /**
   * Calls `found` for every needle that begins in `bytes` at or after `from` and is completely inside.
   *
   * @param from byte offset of the first position to check
   */
  scan(bytes: Buffer, from: number, found: (needle: Needle, at: number) => void): void {
    const last = bytes.length - PREFIX;
    if (from > last) return;
    const { maybe } = this;
    let prefix =
      ((bytes[from] ?? 0) << 8) | ((bytes[from + 1] ?? 0) << 16) | ((bytes[from + 2] ?? 0) << 24);
    for (let at = from; at <= last; at++) {
      prefix = (prefix >>> 8) | ((bytes[at + 3] as number) << 24);
      if (maybe[slot(prefix)] === 1) this.compare(bytes, at, prefix, found);
    }
  }

  private compare(
    bytes: Buffer,
    at: number,
    prefix: number,
    found: (needle: Needle, at: number) => void,
  ): void {
    for (const needle of this.byPrefix.get(prefix) ?? []) {
      const end = at + needle.bytes.length;
      if (
        end <= bytes.length &&
        bytes.compare(needle.bytes, 0, needle.bytes.length, at, end) === 0
      ) {
        found(needle, at);
      }
    }
  }
}

/** A search through one stream. It keeps the end of the last chunk, where a needle can have begun. */
export class NeedleStream {
  private readonly needles: Needles;
  private tail: Buffer = Buffer.alloc(0);

  constructor(needles: Needles) {
    this.needles = needles;
  }

  /** The needles that end in this chunk. A needle that occurs twice is reported twice. */
  push(chunk: Buffer): Needle[] {
    const hits: Needle[] = [];
    const kept = this.tail.length;
    const bytes = kept === 0 ? chunk : Buffer.concat([this.tail, chunk]);
    this.needles.scan(bytes, 0, (needle, at) => {
      // The previous chunk already reported a needle that ends in the kept bytes.
      if (at + needle.bytes.length > kept) hits.push(needle);
    });
    const keep = Math.min(bytes.length, this.needles.longest - 1);
    this.tail = Buffer.from(bytes.subarray(bytes.length - keep));
    return hits;
  }
}

/** The slot of four bytes in the bit table (Fibonacci hashing). */
function slot(prefix: number): number {
  return Math.imul(prefix, 0x9e3779b1) >>> 12;
}
