import { constants, createInflateRaw, inflateRawSync } from 'node:zlib';

/** Reads at most 64 MiB of a stream, so that a crafted stream cannot exhaust memory. */
const MAX_INFLATED_BYTES = 64 * 1024 * 1024;

/** How many bytes tell a compressed stream from bytes that only start with the same header. */
export const PROBE_BYTES = 4_096;

/** The second byte of a zlib header for each level of compression (RFC 1950, section 2.2). */
const ZLIB_LEVELS = new Set([0x01, 0x5e, 0x9c, 0xda]);
const ZLIB_HEADER_BYTES = 2;

/** Where a compressed stream may begin: its header, and the deflated data after the header. */
export interface Beginning {
  readonly header: number;
  readonly data: number;
}

/**
 * Finds where gzip streams (`1f 8b 08`, RFC 1952) and zlib streams may begin. Most places are not
 * streams: {@link isDeflated} decides.
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

/** The length of a gzip header (RFC 1952, section 2.3): ten bytes, and up to four parts that its flags announce. */
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
 * Whether deflated data begins here: its first bytes can be inflated.
 *
 * @param bytes up to 4 KiB from the beginning of the data.
 */
export function isDeflated(bytes: Buffer): boolean {
  try {
    // The probe usually cuts the data short. Bytes after data that ends early do no harm.
    const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MAX_INFLATED_BYTES };
    return inflateRawSync(bytes.subarray(0, PROBE_BYTES), options).length > 0;
  } catch {
    return false;
  }
}

/**
 * Inflates data in chunks, up to the first byte that cannot be inflated and at most 64 MiB. It ignores
 * checksums and bytes after the data.
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
    // The data is damaged from here on, or this was not a stream.
  } finally {
    stream.destroy();
    await feeding.catch(() => undefined);
  }
}
