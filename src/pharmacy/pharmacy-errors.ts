/**
 * The pharmacy cannot serve the call now: no connection, a time-out, 429, 5xx or an unreadable answer.
 * The call is retried. `code` is safe to log; the pharmacy's own text is not kept.
 */
export class PharmacyUnavailableError extends Error {
  override readonly name = 'PharmacyUnavailableError';
  readonly code: string;
  /** The pharmacy's Retry-After, in milliseconds (RFC 9110, section 10.2.3). */
  readonly retryAfterMs: number | undefined;

  constructor(code: string, options: { retryAfterMs?: number | undefined } = {}) {
    super(code);
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
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
 * order. The order needs attention. `code` is safe to log.
 */
export class PharmacyFaultError extends Error {
  override readonly name = 'PharmacyFaultError';
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}
