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
import { parseRetryAfter } from './retry-after.ts';
import type { Settings } from './settings.ts';
import { backoffMs, isAborted, sleep } from './wait.ts';

/** A call of the API. It must be harmless to repeat: that is up to whoever makes it. */
export interface Call {
  readonly method: WireRequest['method'];
  /** From `/api/v1` on, with its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly streamed?: boolean;
  /** Whether the server stores something by it, so that a lost answer leaves a doubt. */
  readonly stores?: boolean;
  /** The caller's; ends the call at once. */
  readonly signal?: AbortSignal | undefined;
  /** For the errors. */
  readonly idempotencyKey?: string;
}

/** The answer that a call came to. */
export interface Reply {
  readonly answer: Answer;
  /** Whether the server may have done what was asked at an attempt before, whose answer was lost. */
  readonly lostBefore: boolean;
  readonly facts: ErrorFacts;
}

/** Sends calls; made by {@link createSender}. */
export type Send = (call: Call) => Promise<Reply>;

/** What the server did not do, or may do again, when it answers so. */
const RETRIED = new Set([408, 429, 502, 503, 504]);

/** Faults that come before a byte of the request is sent, in Node's words. */
const NEVER_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Makes the function that sends calls and repeats what time may mend. */
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
      if (outcome.kind === 'answer' && !mayMend(outcome.answer)) {
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
    // Written once: what the caller changes meanwhile must not make a retry a different order.
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    streamed,
  };
}

/** Whether trying again may bring another answer. */
function mayMend({ status, format }: Answer): boolean {
  return RETRIED.has(status) || format === 'broken-json';
}

/**
 * Whether the server may have done what was asked although no answer says so. A 5xx is no proof of
 * the opposite: a commit can succeed while its answer is lost behind the server, too.
 */
function isLost(outcome: Outcome): boolean {
  if (outcome.kind === 'network') return !NEVER_CONNECTED.has(outcome.causeCode ?? '');
  if (outcome.kind !== 'answer') return true;
  const { status } = outcome.answer;
  // A 2xx leaves no doubt unless it cannot be read: only its error is ever asked.
  return status >= 500 || (status >= 200 && status < 300);
}

function factsOf(call: Call, outcome: Outcome, attempts: number, lost: boolean): ErrorFacts {
  const answer = outcome.kind === 'answer' ? outcome.answer : undefined;
  const requestId = answer?.headers.get('x-request-id') ?? undefined;
  return {
    status: answer?.status,
    // Only what looks like an id: it goes into logs.
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

/** The error of an outcome that is not tried again any more. */
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
