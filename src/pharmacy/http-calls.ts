import { parseRetryAfter } from '../lib/retry-after.ts';
import { PharmacyFaultError, PharmacyUnavailableError } from './pharmacy-errors.ts';

/** The parts of a request that differ between the gateways. */
export interface PharmacyCall {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The gateways' HTTP client: every call has a time-out and fails with a pharmacy-errors.ts error. */
export interface HttpCalls {
  /**
   * Sends a request. The time-out covers the request and the reading of its answer.
   *
   * @throws {PharmacyUnavailableError} no answer, a time-out, 429 or 5xx.
   */
  call(url: string, request: PharmacyCall, signal: AbortSignal): Promise<Response>;
  /**
   * Opens a download, which may be large: the time-out covers the wait for the answer's head, and then
   * each pause between its bytes.
   *
   * @throws {PharmacyFaultError} the answer is not 200.
   */
  download(
    url: string,
    request: PharmacyCall,
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>>;
}

/**
 * Creates the HTTP client of a gateway.
 *
 * @param timeoutMs the time-out of one call, in milliseconds.
 */
export function createHttpCalls(timeoutMs: number): HttpCalls {
  async function send(url: string, request: PharmacyCall, signal: AbortSignal): Promise<Response> {
    try {
      const response = await fetch(url, {
        ...request,
        // A redirect would send the credentials and the order to a server that nobody configured.
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
    // `AbortSignal.timeout` does not work here: Node 20 garbage-collects a signal that only
    // `AbortSignal.any` refers to, and a hanging call then never ends.
    call: (url, request, signal) =>
      send(url, request, AbortSignal.any([signal, createIdleTimeout(timeoutMs).signal])),

    async download(url, request, signal) {
      const idle = createIdleTimeout(timeoutMs);
      const response = await send(url, request, AbortSignal.any([signal, idle.signal]));
      if (response.status !== 200) {
        idle.clear();
        throw await httpFault(response);
      }
      return bytesOf(response, idle);
    },
  };
}

/** The error for a status code that the protocol does not expect. */
export async function httpFault(response: Response): Promise<PharmacyFaultError> {
  await response.body?.cancel();
  return new PharmacyFaultError(`PHARMACY_HTTP_${response.status}`);
}

async function* bytesOf(response: Response, idle: IdleTimeout): AsyncIterable<Uint8Array> {
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
 * Turns an error of the transport into one that is retried. Only its code is kept: the error itself may
 * contain received bytes (from a parser) or the token (from an invalid header).
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

/** A time-out that restarts with every sign of progress. */
interface IdleTimeout {
  /** Aborts when there was no progress for the whole time. */
  readonly signal: AbortSignal;
  /** Restarts the time. */
  touch(): void;
  /** Stops the timer: the signal never aborts. */
  clear(): void;
}

/**
 * Creates an idle time-out and starts its timer.
 *
 * @param ms the longest pause, in milliseconds.
 */
export function createIdleTimeout(ms: number): IdleTimeout {
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort(new DOMException('no progress', 'TimeoutError'));
  }, ms).unref();
  return {
    signal: controller.signal,
    touch: () => {
      timer.refresh();
    },
    clear: () => {
      clearTimeout(timer);
    },
  };
}
