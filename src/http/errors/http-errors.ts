import type { FieldError } from '../../contract/validation.ts';

/** The `Retry-After` of a 503, in seconds. */
export const RETRY_AFTER_SECONDS = 2;

/** The header `cv-api-key` is missing: 400 (docs/place-order.md, "Decided"). */
export class MissingApiKeyError extends Error {
  override readonly name = 'MissingApiKeyError';
}

/** The credential is not valid: 401. */
export class UnauthorizedError extends Error {
  override readonly name = 'UnauthorizedError';
}

/** The API key lacks the scope, or a signed link is not valid: 403. */
export class PermissionDeniedError extends Error {
  override readonly name = 'PermissionDeniedError';
}

/** The audit log cannot record the request, so the data is withheld: 503. */
export class AuditUnavailableError extends Error {
  override readonly name = 'AuditUnavailableError';

  constructor() {
    super('temporarily unavailable; send the request again');
  }
}

/** The request breaks a rule: 400 with every problem. */
export class InvalidRequestError extends Error {
  override readonly name = 'InvalidRequestError';
  readonly errors: readonly [FieldError, ...FieldError[]];

  constructor(errors: readonly [FieldError, ...FieldError[]]) {
    super(errors[0].message);
    this.errors = errors;
  }
}

/** The requested range lies outside the document: 416. */
export class RangeNotSatisfiableError extends Error {
  override readonly name = 'RangeNotSatisfiableError';
  /** The document's size in bytes. */
  readonly size: number;

  constructor(size: number) {
    super('the range is not in the document');
    this.size = size;
  }
}

/** The request body cannot be used: 400 with this message. */
export class InvalidBodyError extends Error {
  override readonly name = 'InvalidBodyError';
}

/** The request body's type or coding is not supported: 415 with this message. */
export class UnsupportedBodyError extends Error {
  override readonly name = 'UnsupportedBodyError';
}
