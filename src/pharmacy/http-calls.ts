import { parseRetryAfter } from '../lib/retry-after.ts';
import { createIdleLimit, type IdleLimit } from './idle-limit.ts';
import { PharmacyFaultError, PharmacyUnavailableError } from './pharmacy-errors.ts';

/** A request as the adapters say it; the rest is the same for all of them. */
export interface PharmacyCall {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** How the adapters speak HTTP: bounded in time, and failing with the errors of `errors.ts`. */
export interface HttpCalls {
  /**
   * Sends a request; it and the reading of its answer end within the time-out.
   *
   * @throws {PharmacyUnavailableError} no answer, a time-out, 429 or 5xx.
   */
  call(url: string, request: PharmacyCall, signal: AbortSignal): Promise<Response>;
  /**
   * Opens a download, which may be large: the time-out is for the answer's head, and then for each
   * pause between its bytes.
   *
   * @throws {PharmacyFaultError} the answer is not 200.
   */
  download(
    url: string,
    request: PharmacyCall,
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>>;
}

/** @param timeoutMs for one call. */
export function createHttpCalls(timeoutMs: number): HttpCalls {
  async function send(url: string, request: PharmacyCall, signal: AbortSignal): Promise<Response> {
    try {
      const response = await fetch(url, {
        ...request,
        // A redirect would take the credentials and the order to a place that nobody configured.
        redirect: 'manual',
        signal,
      });
      if (response.status === 429 || response.status >= 500) {
        const retryAfterMs = parseRetryAfter(response.headers.get('retry-after'), Date.now());
        await response.body?.cancel();
        throw new PharmacyUnavailableError(`PHARMACY_HTTP_${response.status}`, { retryAfterMs });
      }
      return response;
    } catch (error) {
      throw asPharmacyError(error);
    }
  }

  return {
    // `AbortSignal.timeout` is no help: Node 20 collects one that only `AbortSignal.any` refers to,
    // and a hanging call then never ends.
    call: (url, request, signal) =>
      send(url, request, AbortSignal.any([signal, createIdleLimit(timeoutMs).signal])),

    async download(url, request, signal) {
      const idle = createIdleLimit(timeoutMs);
      const response = await send(url, request, AbortSignal.any([signal, idle.signal]));
      if (response.status !== 200) {
        idle.clear();
        throw await httpFault(response);
      }
      return bytesOf(response, idle);
    },
  };
}

/** The fault that an answer of no other meaning is. */
export async function httpFault(response: Response): Promise<PharmacyFaultError> {
  await response.body?.cancel();
  return new PharmacyFaultError(`PHARMACY_HTTP_${response.status}`);
}

async function* bytesOf(response: Response, idle: IdleLimit): AsyncIterable<Uint8Array> {
  try {
    if (response.body === null) return;
    for await (const chunk of response.body) {
      idle.touch();
      yield chunk;
    }
  } catch (error) {
    throw asPharmacyError(error);
  } finally {
    idle.clear();
  }
}

/**
 * Everything that goes wrong between two machines can be tried again; only the code is kept. The
 * error itself may hold the bytes that came (a parser's) or the token (an invalid header's).
 */
export function asPharmacyError(error: unknown): Error {
  if (error instanceof PharmacyUnavailableError) return error;
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    return new PharmacyUnavailableError('PHARMACY_TIMEOUT');
  }
  const cause =
    error instanceof Error ? (error.cause as { code?: unknown } | undefined) : undefined;
  const code = typeof cause?.code === 'string' ? cause.code : 'UNREACHABLE';
  return new PharmacyUnavailableError(`PHARMACY_${code}`);
}
