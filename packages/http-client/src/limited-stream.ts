import { causeCodeOf } from './cause-code.ts';
import { AbortError, NetworkError, TimeoutError } from './http-client-errors.ts';

/**
 * Wraps the body of an answer: it reads from the network on demand, limits the pauses, and fails with
 * the errors of this client.
 *
 * @param limits.idleMs longest pause while a read waits for a chunk, in milliseconds. A slow reader is
 *   not limited.
 * @param limits.signal the caller's signal. The request's own listener breaks the connection.
 * @param limits.abort breaks the connection.
 * @param limits.release called once, when no more chunks can arrive.
 */
export function limitedStream(
  body: ReadableStream<Uint8Array> | null,
  limits: {
    readonly idleMs: number;
    readonly signal: AbortSignal | undefined;
    readonly abort: () => void;
    readonly release: () => void;
  },
): ReadableStream<Uint8Array> {
  const reader = body?.getReader();
  let idle = false;

  async function next(): Promise<Uint8Array | undefined> {
    const timer = setTimeout(() => {
      idle = true;
      limits.abort();
    }, limits.idleMs);
    try {
      const result = await reader?.read();
      return result?.value;
    } catch (error) {
      const facts = { attempts: 1, status: 200 };
      if (limits.signal?.aborted) throw new AbortError(facts);
      if (idle) throw new TimeoutError('attempt', facts);
      throw new NetworkError(causeCodeOf(error), facts);
    } finally {
      clearTimeout(timer);
    }
  }

  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const chunk = await next();
          if (chunk !== undefined) return controller.enqueue(chunk);
          controller.close();
        } catch (error) {
          controller.error(error);
        }
        limits.release();
      },
      async cancel() {
        limits.release();
        limits.abort();
      },
    },
    // No reading ahead: the server sends only what the reader takes.
    { highWaterMark: 0 },
  );
}
