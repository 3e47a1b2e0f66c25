/**
 * The pharmacy could not serve the call just now: no connection, a time-out, 429, 5xx or an answer
 * that is none. Repeat it later. `code` is safe to log; the pharmacy's own words are not kept.
 */
export class PharmacyUnavailableError extends Error {
  override readonly name = 'PharmacyUnavailableError';
  readonly code: string;
  /** How long the pharmacy asks to wait, in milliseconds (RFC 9110, section 10.2.3). */
  readonly retryAfterMs: number | undefined;

  constructor(code: string, options: { retryAfterMs?: number | undefined } = {}) {
    super(code);
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** The pharmacy refuses the order itself (422): repeating it is no use. */
export class OrderRefusedError extends Error {
  override readonly name = 'OrderRefusedError';
  /** The pharmacy's code, made safe to log. */
  readonly code: string;
  /** The pharmacy's words; may hold patient data, so they go to the order and nowhere else. */
  readonly reason: string | undefined;

  constructor(code: string, reason: string | undefined) {
    super(code);
    this.code = code;
    this.reason = reason;
  }
}

/**
 * The pharmacy answered in a way that neither waiting nor repeating mends: a wrong token, an
 * unknown route, an order that it does not know. A person has to look. `code` is safe to log.
 */
export class PharmacyFaultError extends Error {
  override readonly name = 'PharmacyFaultError';
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}
