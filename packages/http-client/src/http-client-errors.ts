/** What is known of a call that failed; each field is undefined where it does not apply. */
export interface ErrorFacts {
  /** The HTTP status of the last answer. */
  readonly status?: number | undefined;
  /** The server's name for the request, where it gave one. */
  readonly requestId?: string | undefined;
  /** How often the request was sent. */
  readonly attempts?: number | undefined;
  readonly outcomeUnknown?: boolean | undefined;
  readonly idempotencyKey?: string | undefined;
}

/**
 * What every error of this client is. Messages name the field and the rule or the kind of fault:
 * never a value, never the API key, and nothing of an answer that is not the API's own.
 */
export abstract class HttpClientError extends Error {
  /** Stable; the same for all errors of a class. */
  abstract readonly code: string;
  /** The HTTP status; undefined when the last attempt got no answer. */
  readonly status: number | undefined;
  /** The server's name for the request, where it gave one. */
  readonly requestId: string | undefined;
  /** How often the request was sent; 0 for one that never was. */
  readonly attempts: number;
  /**
   * True when the server may have done all the same what was asked, because an answer was lost.
   * Call again with the same idempotency key to learn of it; another key may make a second order.
   */
  readonly outcomeUnknown: boolean;
  /** Private: callers make keys of prescriptions' names, which are not for whoever reads the log. */
  readonly #idempotencyKey: string | undefined;

  constructor(message: string, facts: ErrorFacts) {
    super(message);
    this.status = facts.status;
    this.requestId = facts.requestId;
    this.attempts = facts.attempts ?? 0;
    this.outcomeUnknown = facts.outcomeUnknown ?? false;
    this.#idempotencyKey = facts.idempotencyKey;
  }

  /** The key of a placement, also one that the client made. Not shown when the error is logged. */
  get idempotencyKey(): string | undefined {
    return this.#idempotencyKey;
  }
}

/** One problem of a request. */
export interface Problem {
  /** E.g. `order.prescriber.firstName`; only the leaf where the server tells no more. */
  readonly path: string;
  /** E.g. `firstName is required`. */
  readonly message: string;
}

/** The request breaks a rule: 400 and its kin (413, 415 …), or an id that fits into no URL. */
export class InvalidRequestError extends HttpClientError {
  override readonly name = 'InvalidRequestError';
  override readonly code = 'INVALID_REQUEST';
  /** Every problem that was told, the first one first; the original tells one. */
  readonly errors: readonly Problem[];

  constructor(errors: readonly Problem[], facts: ErrorFacts) {
    super(errors[0]?.message ?? 'the request was refused', facts);
    this.errors = errors;
  }
}

/** The API key opens nothing: 401. */
export class UnauthorizedError extends HttpClientError {
  override readonly name = 'UnauthorizedError';
  override readonly code = 'UNAUTHORIZED';

  constructor(facts: ErrorFacts) {
    super('the API key is not accepted', facts);
  }
}

/** The case is not the organization's, or the API key lacks the scope: 403. */
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

/** The idempotency key was used before in the organization: 409. No second order was made. */
export class IdempotencyConflictError extends HttpClientError {
  override readonly name = 'IdempotencyConflictError';
  override readonly code = 'IDEMPOTENCY_ERROR';
  /** The order that holds the key, where the server says that it is the same as this one. */
  readonly existing: { readonly orderId: string; readonly caseId: string } | undefined;
  /**
   * True: the key is probably held by the order of this very call. An earlier attempt's answer was
   * lost, and the server does not say whose the order is, as the original never does. With a key
   * that the client made it is certain. Look for the order among those of the case.
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

/** The order has ended, or the pharmacy has it and does not give it back: 409. */
export class OrderNotCancellableError extends HttpClientError {
  override readonly name = 'OrderNotCancellableError';
  override readonly code = 'ORDER_NOT_CANCELLABLE';

  constructor(facts: ErrorFacts) {
    super('the order cannot be cancelled', facts);
  }
}

/** Too many requests, still after all attempts: 429. Nothing was done. */
export class RateLimitedError extends HttpClientError {
  override readonly name = 'RateLimitedError';
  override readonly code = 'RATE_LIMITED';
  /** How long the server asks to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(retryAfterMs: number | undefined, facts: ErrorFacts) {
    super('too many requests', facts);
    this.retryAfterMs = retryAfterMs;
  }
}

/** The server, or what stands before it, could not serve, still after all attempts: 5xx. */
export class UnavailableError extends HttpClientError {
  override readonly name = 'UnavailableError';
  override readonly code = 'UNAVAILABLE';
  /** How long the server asks to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(retryAfterMs: number | undefined, facts: ErrorFacts) {
    super(`the server could not serve the request (HTTP ${facts.status ?? 'error'})`, facts);
    this.retryAfterMs = retryAfterMs;
  }
}

/** No answer in time. */
export class TimeoutError extends HttpClientError {
  override readonly name = 'TimeoutError';
  override readonly code = 'TIMEOUT';
  /** Which time was up: the last attempt's or the whole call's. */
  readonly scope: 'attempt' | 'call';

  constructor(scope: 'attempt' | 'call', facts: ErrorFacts) {
    super(`no answer in time (${scope})`, facts);
    this.scope = scope;
  }
}

/** No connection, or it broke before the answer was whole. */
export class NetworkError extends HttpClientError {
  override readonly name = 'NetworkError';
  override readonly code = 'NETWORK';
  /**
   * The runtime's code, e.g. `ECONNREFUSED`. The error itself is not kept: it may hold the bytes
   * that came.
   */
  readonly causeCode: string | undefined;

  constructor(causeCode: string | undefined, facts: ErrorFacts) {
    super(`the connection failed${causeCode === undefined ? '' : ` (${causeCode})`}`, facts);
    this.causeCode = causeCode;
  }
}

/** Something answered that does not speak this API; what it said is not kept. */
export class UnexpectedAnswerError extends HttpClientError {
  override readonly name = 'UnexpectedAnswerError';
  override readonly code = 'UNEXPECTED_ANSWER';
  /**
   * `redirect`: not followed, since the API key would go along; `not-json`: a proxy's page, say;
   * `broken-json`: half an answer; `shape`: the field that is needed is not there; `status`: one
   * that the API does not use.
   */
  readonly fault: 'redirect' | 'not-json' | 'broken-json' | 'shape' | 'status';

  constructor(fault: UnexpectedAnswerError['fault'], facts: ErrorFacts) {
    super(`not an answer of this API (${fault}, HTTP ${facts.status ?? 'unknown'})`, facts);
    this.fault = fault;
  }
}

/**
 * The caller's signal ended the call. Its name is the platform's, so that what already handles an
 * aborted fetch handles it.
 */
export class AbortError extends HttpClientError {
  override readonly name = 'AbortError';
  override readonly code = 'ABORTED';

  constructor(facts: ErrorFacts) {
    super('the call was aborted', facts);
  }
}
