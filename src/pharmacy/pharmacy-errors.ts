/** What every error of a pharmacy call carries. Nothing in it quotes the pharmacy's own text. */
export abstract class PharmacyCallError extends Error {
  /** A stable code, safe to log. */
  readonly code: string;
  /** The name of the document that the call was about; it may be patient data, so it is never logged. */
  document: string | undefined;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/**
 * The pharmacy cannot serve the call now: no connection, a time-out, 408, 423, 425, 429 or 5xx. The
 * call is retried until the order's limit.
 */
export class PharmacyUnavailableError extends PharmacyCallError {
  override readonly name = 'PharmacyUnavailableError';
  /**
   * The shortest delay before the next attempt, in milliseconds: the pharmacy's Retry-After (RFC 9110,
   * section 10.2.3), or longer if the worker spreads its attempts at a pharmacy that does not answer.
   */
  retryAfterMs: number | undefined;

  constructor(code: string, options: { retryAfterMs?: number | undefined } = {}) {
    super(code);
    this.retryAfterMs = options.retryAfterMs;
  }
}

/**
 * The pharmacy does not have yet what it announced, e.g. the file of a document. The call is retried
 * for a bounded time, `PHARMACY_GRACE_MS`.
 */
export class NotReadyError extends PharmacyUnavailableError {}

/** As many calls to the pharmacy as it may get at once are under way. Nothing was sent to it. */
export class PharmacyBusyError extends PharmacyUnavailableError {
  constructor(options: { retryAfterMs?: number } = {}) {
    super('PHARMACY_BUSY', options);
  }
}

/** The pharmacy refuses the order itself (422), so retrying is useless: the order is rejected. */
export class OrderRefusedError extends Error {
  override readonly name = 'OrderRefusedError';
  /** The pharmacy's code, in a format that is safe to log. */
  readonly code: string;
  /** The pharmacy's explanation; may contain patient data, so it is stored on the order only. */
  readonly reason: string | undefined;

  constructor(code: string, reason: string | undefined) {
    super(code);
    this.code = code;
    this.reason = reason;
  }
}

/**
 * The pharmacy gave an answer that retrying cannot fix: a wrong token, an unknown route, an unknown
 * order. The order needs attention.
 */
export class PharmacyFaultError extends PharmacyCallError {
  override readonly name: string = 'PharmacyFaultError';
}

/**
 * The pharmacy's answer cannot be read, or it contradicts another answer. The call is repeated a few
 * times; then it counts as a fault, and the order needs attention.
 */
export class PharmacyAnswerError extends PharmacyFaultError {
  override readonly name = 'PharmacyAnswerError';
  /** The field that could not be read, e.g. `documents[0].size`; `body` for the whole answer. */
  readonly field: string | undefined;

  /** @param code `PHARMACY_BAD_ANSWER` when a field could not be read. */
  constructor(code: string, field?: string) {
    super(code);
    this.field = field;
  }
}
