import type { SendResult } from './sending/send-result.ts';

/** The outcome of one attempt, as the delivery log has it. */
export interface AttemptOutcome {
  readonly durationMs: number;
  /** A stable code, e.g. `timeout`, `redirect` or `http_5xx`; undefined when it was delivered. */
  readonly errorClass?: string;
  /** undefined when there was no answer. */
  readonly statusCode?: number;
  /** The broken rule, or the code of Node's or OpenSSL's error. */
  readonly code?: string;
  /** The start of the answer, or a sentence about the failure. It has nothing that was sent. */
  readonly answerStart?: string;
  /** `Retry-After` of an overloaded endpoint, in milliseconds. */
  readonly retryAfterMs?: number;
}

/** An internal error: nothing was sent, so the endpoint is not to blame. */
export const INTERNAL = 'internal';
/** The status with which an endpoint unsubscribes. */
export const GONE = 410;
const TOO_BUSY: readonly number[] = [429, 503];

/** Classifies a result of the sender: 2xx is success; everything else is failure, redirects included. */
export function outcomeOf(result: SendResult): AttemptOutcome {
  const { durationMs } = result;
  if ('failure' in result) {
    const { failure, code, message } = result;
    return {
      durationMs,
      errorClass: failure,
      answerStart: message,
      ...(code === undefined ? {} : { code }),
    };
  }
  const { status, bodyStart, retryAfterMs } = result;
  const answer = { durationMs, statusCode: status, answerStart: bodyStart };
  if (status >= 200 && status < 300) return answer;
  return {
    ...answer,
    errorClass: classOf(status),
    ...(retryAfterMs !== undefined && TOO_BUSY.includes(status) ? { retryAfterMs } : {}),
  };
}

function classOf(status: number): string {
  if (status >= 300 && status < 400) return 'redirect';
  if (status >= 400 && status < 500) return 'http_4xx';
  return status >= 500 && status < 600 ? 'http_5xx' : 'bad_response';
}

/** Describes an outcome for logs and the Temporal UI, with codes only. */
export function describeOutcome({ errorClass, statusCode, code }: AttemptOutcome): string {
  return [errorClass ?? 'delivered', statusCode ?? code]
    .filter((part) => part !== undefined)
    .join(' ');
}
