import { isIP } from 'node:net';
import type { Lookup } from '../egress/destination.ts';
import { parseExactJson, TooManyValuesError } from '../lib/exact-json.ts';
import { parseRetryAfter } from '../lib/retry-after.ts';
import {
  NotReadyError,
  PharmacyAnswerError,
  PharmacyCallError,
  PharmacyFaultError,
  PharmacyUnavailableError,
} from './pharmacy-errors.ts';

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
   * @throws {PharmacyUnavailableError} no answer, a time-out, or a status that may pass.
   */
  call(url: string, request: PharmacyCall, signal: AbortSignal): Promise<Response>;
  /**
   * Sends a GET whose answer may be large: the time-out covers the wait for the answer's head, and then
   * each pause between its bytes.
   *
   * @returns the answer, whatever its status is, and its bytes.
   */
  open(
    url: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<{ readonly response: Response; readonly bytes: AsyncIterable<Uint8Array> }>;
}

/**
 * Creates the HTTP client of a gateway.
 *
 * @param timeoutMs the time-out of one call, in milliseconds.
 * @param lookup resolves the pharmacy's name before each call, without occupying a thread.
 */
export function createHttpCalls(timeoutMs: number, lookup: Lookup): HttpCalls {
  async function send(url: string, request: PharmacyCall, signal: AbortSignal): Promise<Response> {
    try {
      await requireNameServer(new URL(url).hostname, lookup, signal);
      return await fetch(url, {
        ...request,
        // A compressed answer would pass the size limits.
        headers: { ...request.headers, 'accept-encoding': 'identity' },
        // A redirect would send the credentials and the order to a server that nobody configured.
        redirect: 'manual',
        signal,
      });
    } catch (error) {
      throw asPharmacyError(error);
    }
  }

  return {
    // `AbortSignal.timeout` does not work here: Node 20 garbage-collects a signal that only
    // `AbortSignal.any` refers to, and a hanging call then never ends.
    async call(url, request, signal) {
      const idle = createIdleTimeout(timeoutMs);
      const response = await send(url, request, AbortSignal.any([signal, idle.signal]));
      if (mayPass(response.status)) throw await httpFault(response);
      return response;
    },

    async open(url, headers, signal) {
      const idle = createIdleTimeout(timeoutMs);
      const response = await send(url, { headers }, AbortSignal.any([signal, idle.signal]));
      return { response, bytes: untilIdle(response.body ?? [], idle) };
    },
  };
}

/**
 * Fails while the name server of a host does not answer. `fetch` resolves names by getaddrinfo, in one of
 * the four threads of the process, so that a few silent name servers would block every other name. Any
 * answer is enough, also that the name does not exist: getaddrinfo reads `/etc/hosts` too. Names without
 * a dot are those of a local network.
 *
 * @throws {PharmacyUnavailableError} `PHARMACY_DNS_TIMEOUT`.
 */
async function requireNameServer(host: string, lookup: Lookup, signal: AbortSignal): Promise<void> {
  if (host.startsWith('[') || isIP(host) !== 0 || !host.includes('.')) return;
  try {
    await lookup(host, { all: true, signal });
  } catch (error) {
    signal.throwIfAborted();
    if ((error as { code?: unknown }).code === 'ETIMEOUT') {
      throw new PharmacyUnavailableError('PHARMACY_DNS_TIMEOUT');
    }
  }
}

/** Statuses that another attempt may not get: request timeout, locked, too early, too many requests. */
function mayPass(status: number): boolean {
  return [408, 423, 425, 429].includes(status) || status >= 500;
}

/**
 * The error for a status that the protocol does not expect.
 *
 * @param notReady the statuses by which the pharmacy says that it does not have the thing yet.
 */
export async function httpFault(
  response: Response,
  notReady: readonly number[] = [],
): Promise<Error> {
  await response.body?.cancel();
  return statusError(response.status, response.headers.get('retry-after'), notReady);
}

/** As {@link httpFault}, for an answer that is no `Response`. */
export function statusError(
  status: number,
  retryAfter: string | null,
  notReady: readonly number[] = [],
): Error {
  const code = `PHARMACY_HTTP_${status}`;
  const retryAfterMs = parseRetryAfter(retryAfter, Date.now());
  if (notReady.includes(status)) return new NotReadyError(code, { retryAfterMs });
  if (mayPass(status)) return new PharmacyUnavailableError(code, { retryAfterMs });
  return new PharmacyFaultError(code);
}

/** The largest number of values in an answer: 200 documents have about 2,000. */
const MOST_VALUES = 100_000;

/**
 * Reads a JSON answer.
 *
 * @param limitBytes the largest answer, after decoding.
 * @throws {PharmacyAnswerError} the answer is not JSON, or has too many bytes or values. It is not kept: it may contain
 *   patient data.
 */
export async function readJson(response: Response, limitBytes: number): Promise<unknown> {
  const body: AsyncIterable<Uint8Array> | readonly Uint8Array[] = response.body ?? [];
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of body) {
      length += chunk.byteLength;
      // Leaving the loop cancels the body.
      if (length > limitBytes) throw new PharmacyAnswerError('PHARMACY_ANSWER_TOO_LARGE');
      chunks.push(chunk);
    }
  } catch (error) {
    throw asPharmacyError(error);
  }
  try {
    return parseExactJson(Buffer.concat(chunks).toString('utf8'), MOST_VALUES);
  } catch (error) {
    if (error instanceof TooManyValuesError) {
      throw new PharmacyAnswerError('PHARMACY_ANSWER_TOO_LARGE');
    }
    throw new PharmacyAnswerError('PHARMACY_BAD_ANSWER', 'body');
  }
}

/** The longest download, in milliseconds. Time that we need to store the bytes does not count. */
const DOWNLOAD_LIMIT_MS = 10 * 60_000;
/** The least rate of a download, once it has taken {@link RATE_FROM_MS}: a few bytes now and then would hold its slot. */
const LEAST_BYTES_PER_MS = 8;
const RATE_FROM_MS = 20_000;

/**
 * Passes the bytes of a download through, and restarts the time-out with each of them.
 *
 * @throws {PharmacyUnavailableError} `PHARMACY_TIMEOUT` after a pause; `PHARMACY_TOO_SLOW` when the
 *   download takes more than 10 minutes, or after 20 seconds has less than 8,000 bytes per second.
 */
export async function* untilIdle(
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  idle: IdleTimeout,
): AsyncIterable<Uint8Array> {
  let [size, waitedMs] = [0, 0];
  try {
    let since = performance.now();
    for await (const chunk of bytes) {
      idle.touch();
      size += chunk.byteLength;
      waitedMs += performance.now() - since;
      const isSlow = waitedMs > RATE_FROM_MS && size < waitedMs * LEAST_BYTES_PER_MS;
      if (isSlow || waitedMs > DOWNLOAD_LIMIT_MS) {
        throw new PharmacyUnavailableError('PHARMACY_TOO_SLOW');
      }
      yield chunk;
      since = performance.now();
    }
  } catch (error) {
    // Node reports an abort during the body as a lost connection.
    throw asPharmacyError(idle.signal.aborted ? idle.signal.reason : error);
  } finally {
    idle.clear();
  }
}

/**
 * Turns an error of the transport into one that is retried. Only its code is kept: the error itself may
 * contain received bytes (from a parser) or the token (from an invalid header).
 */
export function asPharmacyError(error: unknown): Error {
  if (error instanceof PharmacyCallError) return error;
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    return new PharmacyUnavailableError('PHARMACY_TIMEOUT');
  }
  const own = error as { code?: unknown; cause?: { code?: unknown; name?: unknown } } | undefined;
  if (own?.cause?.name === 'TimeoutError') return new PharmacyUnavailableError('PHARMACY_TIMEOUT');
  const code = [own?.cause?.code, own?.code].find((each) => typeof each === 'string');
  return new PharmacyUnavailableError(`PHARMACY_${String(code ?? 'UNREACHABLE')}`);
}

/** A time-out that restarts with every sign of progress. */
export interface IdleTimeout {
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
