/** Why a request got no answer. */
export type SendFailureClass =
  | 'refused_destination'
  | 'dns'
  | 'connect'
  | 'tls'
  | 'timeout'
  | 'reset'
  | 'bad_response';

/** An endpoint's answer with any status. A redirect is an answer too and is not followed. */
export interface SendAnswer {
  readonly status: number;
  readonly durationMs: number;
  /** The first 1,024 bytes of the body, with control characters replaced. */
  readonly bodyStart: string;
  /** The wait that `Retry-After` asks for, in milliseconds, at most an hour. */
  readonly retryAfterMs?: number;
}

/** A request without an answer. The message holds nothing of the request, the lookup or the answer. */
export interface SendFailure {
  readonly failure: SendFailureClass;
  /** The broken rule, or the code of Node's or OpenSSL's error. */
  readonly code?: string;
  readonly message: string;
  readonly durationMs: number;
}

export type SendResult = SendAnswer | SendFailure;

/** The sentences about failures in the delivery log. */
export const FAILURE_MESSAGES: Record<Exclude<SendFailureClass, 'refused_destination'>, string> = {
  dns: 'The host name could not be resolved.',
  connect: 'No connection could be made.',
  tls: 'No trusted TLS connection could be made.',
  timeout: 'The answer was not complete in time.',
  reset: 'The connection ended before the answer was complete.',
  bad_response: 'The answer was no valid HTTP.',
};
