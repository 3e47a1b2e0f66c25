import { type Answer, attempt, type Outcome, type WireRequest } from './attempt.ts';
import {
  AbortError,
  type ErrorFacts,
  type HttpClientError,
  NetworkError,
  RateLimitedError,
  TimeoutError,
  UnavailableError,
  UnexpectedAnswerError,
} from './http-client-errors.ts';
import type { Settings } from './settings.ts';
import { backoffMs, isAborted, parseRetryAfter, sleep } from './wait.ts';

/** A call of the API. The caller must ensure that a retry is harmless. */
export interface Call {
  readonly method: WireRequest['method'];
  /** Path and query, from `/api/v1` on. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly streamed?: boolean;
  /** Whether the call changes something on the server, so that a lost answer leaves the outcome unknown. */
  readonly stores?: boolean;
  /** The caller's signal, which ends the call immediately. */
  readonly signal?: AbortSignal | undefined;
  /** Errors of the call carry it. */
  readonly idempotencyKey?: string;
}

/** The final answer of a call. */
export interface Reply {
  readonly answer: Answer;
  /** Whether an earlier attempt, whose answer was lost, may have had an effect. */
  readonly lostBefore: boolean;
  readonly facts: ErrorFacts;
}

/** Sends calls. {@link createSender} makes it. */
export type Send = (call: Call) => Promise<Reply>;

/** Statuses that are retried: the server did nothing, or the same request is harmless. */
const RETRIED = new Set([408, 429, 502, 503, 504]);

/** Node's error codes for failures before the first byte of the request is sent. */
const NEVER_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Creates the function that sends calls and retries transient failures. */
export function createSender(settings: Settings): Send {
  const { retries } = settings;

  return async (call) => {
    const request = wireRequest(settings, call);
    const deadline = performance.now() + settings.timeoutMs;
    let lost = false;
    for (let attempts = 1; ; attempts += 1) {
      if (isAborted(call.signal)) {
        const { idempotencyKey } = call;
        throw new AbortError({ attempts: attempts - 1, outcomeUnknown: lost, idempotencyKey });
      }
      const lostBefore = lost;
      const left = deadline - performance.now();
      const timeoutMs = Math.max(1, Math.min(settings.attemptTimeoutMs, left));
      const outcome = await attempt(settings.fetch, request, { timeoutMs, signal: call.signal });
      lost ||= call.stores === true && isLost(outcome);
      const facts = factsOf(call, outcome, attempts, lost);

      if (outcome.kind === 'aborted') throw new AbortError(facts);
      if (outcome.kind === 'answer' && !isTransient(outcome.answer)) {
        return { answer: outcome.answer, lostBefore, facts };
      }
      const retryAfterMs = retryAfterOf(outcome);
      const wait = (retryAfterMs ?? 0) + backoffMs(attempts, retries);
      const callTimedOut = outcome.kind === 'timeout' && left <= settings.attemptTimeoutMs;
      const over =
        callTimedOut ||
        attempts >= retries.maxAttempts ||
        (retryAfterMs ?? 0) > retries.maxRetryAfterMs ||
        wait >= deadline - performance.now();
      if (over) {
        throw errorOf(outcome, retryAfterMs, callTimedOut, facts);
      }
      await sleep(wait, call.signal);
    }
  };
}

function wireRequest({ baseUrl, apiKey }: Settings, call: Call): WireRequest {
  const { method, path, headers, body, streamed = false } = call;
  return {
    url: baseUrl + path,
    method,
    headers: {
      accept: streamed ? '*/*' : 'application/json',
      'cv-api-key': apiKey,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    // Serialized once: a change by the caller must not turn a retry into a different order.
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    streamed,
  };
}

/** Whether a retry can bring another answer. */
function isTransient({ status, format }: Answer): boolean {
  return RETRIED.has(status) || format === 'broken-json';
}

/**
 * Whether the server may have carried out the request although no answer says so. A 5xx does not rule
 * that out: a commit can succeed while its reply is lost inside the server's network.
 */
function isLost(outcome: Outcome): boolean {
  if (outcome.kind === 'network') return !NEVER_CONNECTED.has(outcome.causeCode ?? '');
  if (outcome.kind !== 'answer') return true;
  const { status } = outcome.answer;
  // A 2xx counts as lost too: the value reaches an error only when its body is unreadable.
  return status >= 500 || (status >= 200 && status < 300);
}

function factsOf(call: Call, outcome: Outcome, attempts: number, lost: boolean): ErrorFacts {
  const answer = outcome.kind === 'answer' ? outcome.answer : undefined;
  const requestId = answer?.headers.get('x-request-id') ?? undefined;
  return {
    status: answer?.status,
    // It goes into logs, so accept only what looks like an id.
    requestId:
      requestId !== undefined && /^[\w.:-]{1,128}$/.test(requestId) ? requestId : undefined,
    attempts,
    outcomeUnknown: lost,
    idempotencyKey: call.idempotencyKey,
  };
}

function retryAfterOf(outcome: Outcome): number | undefined {
  if (outcome.kind !== 'answer') return undefined;
  return parseRetryAfter(outcome.answer.headers.get('retry-after'), Date.now());
}

/** Maps the outcome of the last attempt to an error. */
function errorOf(
  outcome: Exclude<Outcome, { kind: 'aborted' }>,
  retryAfterMs: number | undefined,
  callTimedOut: boolean,
  facts: ErrorFacts,
): HttpClientError {
  switch (outcome.kind) {
    case 'network':
      return new NetworkError(outcome.causeCode, facts);
    case 'timeout':
      return new TimeoutError(callTimedOut ? 'call' : 'attempt', facts);
    case 'answer': {
      const { status, format } = outcome.answer;
      if (status === 429) return new RateLimitedError(retryAfterMs, facts);
      if (status === 408) return new TimeoutError('attempt', facts);
      if (status >= 500) return new UnavailableError(retryAfterMs, facts);
      return new UnexpectedAnswerError(format === 'broken-json' ? format : 'status', facts);
    }
  }
}
