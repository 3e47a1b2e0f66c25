import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** The result of a download. */
export interface Download {
  readonly status: number | undefined;
  readonly bytes: number;
  readonly sha256: string;
}

/** Receives the number of bytes so far; the download pauses until it resolves. */
type Pace = (bytes: number) => Promise<void>;

/**
 * Downloads without storing the bytes. Rejects when the answer is incomplete.
 *
 * @param onBytes receives the number of bytes after each chunk; the next chunk is read once it resolves.
 */
export async function download(
  url: string,
  options: http.RequestOptions,
  onBytes: Pace = async () => {},
): Promise<Download> {
  const request = http.get(url, options);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    hash.update(piece);
    bytes += piece.length;
    await onBytes(bytes);
  }
  return { status: response.statusCode, bytes, sha256: hash.digest('hex') };
}

/** Slows a download of `size` bytes down to at least `ms`. */
export function paced(size: number, ms: number): Pace {
  const start = performance.now();
  return async (bytes) => {
    const early = start + (bytes / size) * ms - performance.now();
    if (early > 0) await sleep(early);
  };
}
