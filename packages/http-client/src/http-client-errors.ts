/** What is known about a failed call. A field is undefined when it does not apply. */
export interface ErrorFacts {
  /** The HTTP status of the last answer. */
  readonly status?: number | undefined;
  /** The server's id of the request (`x-request-id`), when it sent one. */
  readonly requestId?: string | undefined;
  /** Number of attempts. */
  readonly attempts?: number | undefined;
  readonly outcomeUnknown?: boolean | undefined;
  readonly idempotencyKey?: string | undefined;
}

/**
 * The base class of all errors of this client. Messages name the field and its rule, or the kind of
 * failure. They never contain values, the API key, or text from anything but this API.
 */
export abstract class HttpClientError extends Error {
  /** A stable code, the same for all errors of a class. */
  abstract readonly code: string;
  /** The HTTP status of the last answer; undefined when the last attempt got no answer. */
  readonly status: number | undefined;
  /** The server's id of the request (`x-request-id`), when it sent one. */
  readonly requestId: string | undefined;
  /** Number of attempts; 0 when the request was never sent. */
  readonly attempts: number;
  /**
   * True when an answer was lost, so that the server may have carried out the request. To find out,
   * call again with the same idempotency key. Another key can create a second order.
   */
  readonly outcomeUnknown: boolean;
  /** Private, because keys often contain names of prescriptions, and loggers print public fields. */
  readonly #idempotencyKey: string | undefined;

  constructor(message: string, facts: ErrorFacts) {
    super(message);
    this.status = facts.status;
    this.requestId = facts.requestId;
    this.attempts = facts.attempts ?? 0;
    this.outcomeUnknown = facts.outcomeUnknown ?? false;
    this.#idempotencyKey = facts.idempotencyKey;
  }

  /** The idempotency key of a placement, including a random one. Loggers do not print it. */
  get idempotencyKey(): string | undefined {
    return this.#idempotencyKey;
  }
}

/** One problem of a request. */
export interface Problem {
  /** The path of the field, e.g. `order.prescriber.firstName`, or its last part alone. */
  readonly path: string;
  /** E.g. `firstName is required`. */
  readonly message: string;
}

/** The request breaks a rule: 400, 413, 414, 415, 422 or 431, or an id that fits into no URL. */
export class InvalidRequestError extends HttpClientError {
  override readonly name = 'InvalidRequestError';
  override readonly code = 'INVALID_REQUEST';
  /** Every problem that the server reported, the first one first. */
  readonly errors: readonly Problem[];

  constructor(errors: readonly Problem[], facts: ErrorFacts) {
    super(errors[0]?.message ?? 'the request was refused', facts);
    this.errors = errors;
  }
}

/** The server does not accept the API key: 401. */
export class UnauthorizedError extends HttpClientError {
  override readonly name = 'UnauthorizedError';
  override readonly code = 'UNAUTHORIZED';

  constructor(facts: ErrorFacts) {
    super('the API key is not accepted', facts);
  }
}

/** The case belongs to another organization, or the API key lacks the scope: 403. */
export class PermissionDeniedError extends HttpClientError {
  override readonly name = 'PermissionDeniedError';
  override readonly code = 'PERMISSION_DENIED';

  constructor(facts: ErrorFacts) {
    super('permission denied', facts);
  }
}

/** The organization has no such order or document, or the server has no such route: 404. */
export class NotFoundError extends HttpClientError {
  override readonly name = 'NotFoundError';
  override readonly code = 'NOT_FOUND';

  constructor(facts: ErrorFacts) {
    super('not found', facts);
  }
}

/** The organization already used the idempotency key: 409. No second order was created. */
export class IdempotencyConflictError extends HttpClientError {
  override readonly name = 'IdempotencyConflictError';
  override readonly code = 'IDEMPOTENCY_ERROR';
  /** The order that has the key, when the server says that its payload is equal to this one. */
  readonly existing: { readonly orderId: string; readonly caseId: string } | undefined;
  /**
   * True when an earlier attempt of this call probably placed the order that has the key: its answer
   * was lost, and the server does not say which order has the key. With a random key it is certain.
   * Look for the order among the orders of the case.
   */
  readonly ownRetry: boolean;

  constructor(
    holder: { existing: IdempotencyConflictError['existing']; ownRetry: boolean },
    facts: ErrorFacts,
  ) {
    super('an order with this idempotencyKey already exists for this organization', facts);
    this.existing = holder.existing;
    this.ownRetry = holder.ownRetry;
  }
}

/** The order has ended, or the pharmacy no longer gives it back: 409. */
export class OrderNotCancellableError extends HttpClientError {
  override readonly name = 'OrderNotCancellableError';
  override readonly code = 'ORDER_NOT_CANCELLABLE';

  constructor(facts: ErrorFacts) {
    super('the order cannot be cancelled', facts);
  }
}

/** The server still answered 429 at the last attempt. */
export class RateLimitedError extends HttpClientError {
  override readonly name = 'RateLimitedError';
  override readonly code = 'RATE_LIMITED';
  /** The wait that the server requested (`Retry-After`), in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(retryAfterMs: number | undefined, facts: ErrorFacts) {
    super('too many requests', facts);
    this.retryAfterMs = retryAfterMs;
  }
}

/** The server, or a proxy in front of it, still answered 5xx at the last attempt. */
export class UnavailableError extends HttpClientError {
  override readonly name = 'UnavailableError';
  override readonly code = 'UNAVAILABLE';
  /** The wait that the server requested (`Retry-After`), in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(retryAfterMs: number | undefined, facts: ErrorFacts) {
    super(`the server could not serve the request (HTTP ${facts.status ?? 'error'})`, facts);
    this.retryAfterMs = retryAfterMs;
  }
}

/** No answer arrived in time. */
export class TimeoutError extends HttpClientError {
  override readonly name = 'TimeoutError';
  override readonly code = 'TIMEOUT';
  /** The limit that was exceeded: that of the last attempt or that of the whole call. */
  readonly scope: 'attempt' | 'call';

  constructor(scope: 'attempt' | 'call', facts: ErrorFacts) {
    super(`no answer in time (${scope})`, facts);
    this.scope = scope;
  }
}

/** The connection could not be made, or it broke before the answer was complete. */
export class NetworkError extends HttpClientError {
  override readonly name = 'NetworkError';
  override readonly code = 'NETWORK';
  /**
   * The runtime's error code, e.g. `ECONNREFUSED`. The error itself is dropped, because it can contain
   * bytes of the answer.
   */
  readonly causeCode: string | undefined;

  constructor(causeCode: string | undefined, facts: ErrorFacts) {
    super(`the connection failed${causeCode === undefined ? '' : ` (${causeCode})`}`, facts);
    this.causeCode = causeCode;
  }
}

/** The answer does not come from this API. Its body is dropped. */
export class UnexpectedAnswerError extends HttpClientError {
  override readonly name = 'UnexpectedAnswerError';
  override readonly code = 'UNEXPECTED_ANSWER';
  /**
   * - `redirect`: not followed, because the API key would go along.
   * - `not-json`: for example an HTML page of a proxy, or more than 16 MiB.
   * - `broken-json`: a truncated answer.
   * - `shape`: a required field is missing.
   * - `status`: a status that the API does not use.
   */
  readonly fault: 'redirect' | 'not-json' | 'broken-json' | 'shape' | 'status';

  constructor(fault: UnexpectedAnswerError['fault'], facts: ErrorFacts) {
    super(`not an answer of this API (${fault}, HTTP ${facts.status ?? 'unknown'})`, facts);
    this.fault = fault;
  }
}

/**
 * The caller's signal ended the call. It has the name of the platform's own error, so that code which
 * handles an aborted `fetch` handles this one too.
 */
export class AbortError extends HttpClientError {
  override readonly name = 'AbortError';
  override readonly code = 'ABORTED';

  constructor(facts: ErrorFacts) {
    super('the call was aborted', facts);
  }
}
