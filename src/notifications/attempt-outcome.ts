import type { SendResult } from './sending/send-result.ts';

/** What became of one attempt, in the words of the delivery log. */
export interface AttemptOutcome {
  readonly durationMs: number;
  /** undefined: it was delivered. A stable code, as `timeout`, `redirect`, `http_5xx`. */
  readonly errorClass?: string;
  /** undefined: there was no answer. */
  readonly statusCode?: number;
  /** The broken rule, or the code of Node's or OpenSSL's error. */
  readonly code?: string;
  /** The first bytes of the answer, or a failure in words; nothing that was sent. */
  readonly answerStart?: string;
  /** What an endpoint that is too busy asks for. */
  readonly retryAfterMs?: number;
}

/** A fault of ours, which is none of the endpoint's: nothing was sent. */
export const INTERNAL = 'internal';
/** The endpoint said so itself: it wants nothing more. */
export const GONE = 410;
const TOO_BUSY: readonly number[] = [429, 503];

/** Judges what the sender brought back: any 2xx is success, all else, redirects too, is failure. */
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

/** An outcome for logs and the Temporal UI: codes only. */
export function describeOutcome({ errorClass, statusCode, code }: AttemptOutcome): string {
  return [errorClass ?? 'delivered', statusCode ?? code]
    .filter((part) => part !== undefined)
    .join(' ');
}
