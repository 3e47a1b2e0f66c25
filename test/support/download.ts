import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** A download as it arrived. */
export interface Download {
  readonly status: number | undefined;
  readonly bytes: number;
  readonly sha256: string;
}

/** Hears of the bytes that arrived, and may hold back those that follow. */
type Pace = (bytes: number) => Promise<void>;

/**
 * Downloads without keeping the bytes. Rejects when the answer is torn.
 *
 * @param onBytes hears how many have arrived, after each piece; the next is read when it resolves.
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

/** Lets a download of `size` bytes take at least `ms`. */
export function paced(size: number, ms: number): Pace {
  const start = performance.now();
  return async (bytes) => {
    const early = start + (bytes / size) * ms - performance.now();
    if (early > 0) await sleep(early);
  };
}
