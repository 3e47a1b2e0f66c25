/** What kept a request from its answer. */
export type SendFailureClass =
  | 'refused_destination'
  | 'dns'
  | 'connect'
  | 'tls'
  | 'timeout'
  | 'reset'
  | 'bad_response';

/** The answer of an endpoint, whatever its status; a redirect is an answer and is not followed. */
export interface SendAnswer {
  readonly status: number;
  readonly durationMs: number;
  /** The first 1,024 bytes of the body, with controls made harmless. */
  readonly bodyStart: string;
  /** What `Retry-After` asks for, at most an hour. */
  readonly retryAfterMs?: number;
}

/** A request without an answer. The message holds nothing that was sent, looked up or answered. */
export interface SendFailure {
  readonly failure: SendFailureClass;
  /** The broken rule, or the code of Node's or OpenSSL's error. */
  readonly code?: string;
  readonly message: string;
  readonly durationMs: number;
}

export type SendResult = SendAnswer | SendFailure;

/** What a person reads of a failure in the delivery log. */
export const FAILURE_MESSAGES: Record<Exclude<SendFailureClass, 'refused_destination'>, string> = {
  dns: 'The host name could not be resolved.',
  connect: 'No connection could be made.',
  tls: 'No trusted TLS connection could be made.',
  timeout: 'The answer was not complete in time.',
  reset: 'The connection ended before the answer was complete.',
  bad_response: 'The answer was no valid HTTP.',
};
