import { constants, createInflateRaw, inflateRawSync } from 'node:zlib';

/** A stream is read no further than this, so that a crafted one cannot fill the memory: 64 MiB. */
const MAX_INFLATED_BYTES = 64 * 1024 * 1024;

/** Bytes from a beginning on that tell a stream from bytes that only begin like one. */
export const PROBE_BYTES = 4_096;

/** The second byte of a zlib header for each level of compression (RFC 1950, section 2.2). */
const ZLIB_LEVELS = new Set([0x01, 0x5e, 0x9c, 0xda]);
const ZLIB_HEADER_BYTES = 2;

/** Where a compressed stream may begin: its header, and the deflated data behind that. */
export interface Beginning {
  readonly header: number;
  readonly data: number;
}

/**
 * Where gzip streams (`1f 8b 08`, RFC 1952) and zlib streams may begin. Most are none: {@link isDeflated} tells.
 */
export function* deflatedBeginnings(bytes: Buffer): Generator<Beginning> {
  for (let at = bytes.indexOf(0x1f); at >= 0; at = bytes.indexOf(0x1f, at + 1)) {
    if (bytes[at + 1] === 0x8b && bytes[at + 2] === 0x08) {
      yield { header: at, data: behindGzipHeader(bytes, at) };
    }
  }
  for (let at = bytes.indexOf(0x78); at >= 0; at = bytes.indexOf(0x78, at + 1)) {
    if (ZLIB_LEVELS.has(bytes[at + 1] ?? 0)) {
      yield { header: at, data: at + ZLIB_HEADER_BYTES };
    }
  }
}

/** RFC 1952, section 2.3: ten bytes, and up to four parts that flags announce. */
function behindGzipHeader(bytes: Buffer, start: number): number {
  const flags = bytes[start + 3] ?? 0;
  let at = start + 10;
  if (flags & 4) at += 2 + (bytes[at] ?? 0) + 256 * (bytes[at + 1] ?? 0);
  for (const text of [8, 16]) {
    if (!(flags & text)) continue;
    const end = bytes.indexOf(0, at);
    at = end === -1 ? bytes.length : end + 1;
  }
  return flags & 2 ? at + 2 : at;
}

/**
 * Whether deflated data really begins here: its first bytes can be inflated.
 *
 * @param bytes from the beginning on, 4 KiB or what there is.
 */
export function isDeflated(bytes: Buffer): boolean {
  try {
    // Cut short it is, as a rule; what follows data that ends early does no harm.
    const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MAX_INFLATED_BYTES };
    return inflateRawSync(bytes.subarray(0, PROBE_BYTES), options).length > 0;
  } catch {
    return false;
  }
}

/**
 * The inflated data in chunks: up to the first byte that cannot be inflated, and 64 MiB at most.
 * Checksums are not looked at, and what follows the data does no harm.
 */
export async function* inflated(deflated: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const stream = createInflateRaw({ finishFlush: constants.Z_SYNC_FLUSH });
  const feeding = (async () => {
    for await (const chunk of deflated) {
      if (stream.destroyed || stream.readableEnded) return;
      if (stream.write(chunk)) continue;
      await new Promise<void>((resolve) => {
        for (const event of ['drain', 'end', 'close']) stream.once(event, () => resolve());
      });
    }
    if (!stream.destroyed) stream.end();
  })();
  let size = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      yield chunk;
      size += chunk.length;
      if (size >= MAX_INFLATED_BYTES) return;
    }
  } catch {
    // It is damaged from here on, or was none.
  } finally {
    stream.destroy();
    await feeding.catch(() => undefined);
  }
}
