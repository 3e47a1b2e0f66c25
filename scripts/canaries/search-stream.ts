import { type FileHandle, open } from 'node:fs/promises';
import { deflatedBeginnings, inflated, isDeflated, PROBE_BYTES } from './inflate.ts';
import type { Encoding, Needle } from './needles.ts';
import type { Needles } from './search-bytes.ts';

/** A marker in a place where it must not be. */
export interface Hit {
  /** The marker's field, for example `order.diagnosis`. */
  readonly field: string;
  readonly encoding: Encoding;
  /** Whether it was in a gzip or zlib stream. */
  readonly compressed: boolean;
}

/** The result of a search. */
export interface Searched {
  readonly bytes: number;
  readonly hits: readonly Hit[];
}

/** How many bytes are read and searched at once. */
const CHUNK_BYTES = 4 * 1024 * 1024;

/**
 * Searches a file, and the gzip and zlib streams that begin anywhere in it, in one pass.
 *
 * @throws {Error} the file cannot be read.
 */
export async function searchFile(path: string, needles: Needles): Promise<Searched> {
  const file = await open(path, 'r');
  try {
    // The size at the time of opening. Most files are far smaller than one read.
    const { size } = await file.stat();
    const read: Read = (at, length) => readAt(file, at, Math.max(0, Math.min(length, size - at)));
    return await searchSource(read, needles);
  } finally {
    await file.close();
  }
}

/** As {@link searchFile}, for bytes in memory. */
export async function searchBytes(bytes: Buffer, needles: Needles): Promise<Searched> {
  return await searchSource(async (at, length) => bytes.subarray(at, at + length), needles);
}

/** Reads `length` bytes, or fewer at the end of the file. */
type Read = (at: number, length: number) => Promise<Buffer>;

async function searchSource(read: Read, needles: Needles): Promise<Searched> {
  const hits: Hit[] = [];
  const plain = needles.start();
  let at = 0;
  for (;;) {
    // Reads a little further than it searches, so that the probe of every beginning is complete.
    const ahead = await read(at, CHUNK_BYTES + PROBE_BYTES);
    const chunk = ahead.subarray(0, CHUNK_BYTES);
    if (chunk.length === 0) return { bytes: at, hits };
    hits.push(...plain.push(chunk).map((needle) => hitOf(needle, false)));
    for (const { header, data } of deflatedBeginnings(ahead)) {
      if (header >= chunk.length || !isDeflated(ahead.subarray(data))) continue;
      const within = needles.start();
      for await (const part of inflated(from(read, at + data))) {
        hits.push(...within.push(part).map((needle) => hitOf(needle, true)));
      }
    }
    at += chunk.length;
  }
}

async function* from(read: Read, start: number): AsyncGenerator<Buffer> {
  for (let at = start; ; ) {
    const chunk = await read(at, 65_536);
    if (chunk.length === 0) return;
    yield chunk;
    at += chunk.length;
  }
}

async function readAt(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, at + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

function hitOf({ marker, encoding }: Needle, compressed: boolean): Hit {
  return { field: marker.field, encoding, compressed };
}
