import { causeCodeOf } from './cause-code.ts';
import { AbortError, NetworkError, TimeoutError } from './http-client-errors.ts';

/**
 * The bytes of an answer, read from the network as they are asked for. Its errors are this
 * client's.
 *
 * @param limits.idleMs the longest pause between bytes that are waited for; a reader may take as
 *   long as it likes.
 * @param limits.signal the caller's; whoever made the answer makes it break off the connection.
 * @param limits.abort breaks off the connection.
 * @param limits.release called once, when nothing more can come.
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
    // Nothing is read ahead, so that the server is not asked for what nobody takes.
    { highWaterMark: 0 },
  );
}
