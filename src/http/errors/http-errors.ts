import type { FieldError } from '../../contract/validation.ts';

/** What a caller is told to wait when we cannot serve, in seconds. */
export const RETRY_AFTER_SECONDS = 2;

/** The header `cv-api-key` is missing: 400 by the contract. */
export class MissingApiKeyError extends Error {
  override readonly name = 'MissingApiKeyError';
}

/** The API key opens nothing: 401. */
export class UnauthorizedError extends Error {
  override readonly name = 'UnauthorizedError';
}

/** The API key lacks the scope: 403. */
export class PermissionDeniedError extends Error {
  override readonly name = 'PermissionDeniedError';
}

/** What was asked for cannot be recorded in the audit log, and so is not given: 503. */
export class AuditUnavailableError extends Error {
  override readonly name = 'AuditUnavailableError';

  constructor() {
    super('temporarily unavailable; send the request again');
  }
}

/** A part of the request breaks a rule: 400, with every problem. */
export class InvalidRequestError extends Error {
  override readonly name = 'InvalidRequestError';
  readonly errors: readonly [FieldError, ...FieldError[]];

  constructor(errors: readonly [FieldError, ...FieldError[]]) {
    super(errors[0].message);
    this.errors = errors;
  }
}

/** A document was asked for in parts that it does not have: 416. */
export class RangeNotSatisfiableError extends Error {
  override readonly name = 'RangeNotSatisfiableError';
  /** Bytes of the whole. */
  readonly size: number;

  constructor(size: number) {
    super('the range is not in the document');
    this.size = size;
  }
}

/** The request's body is not what the route takes: 400, with the message as it stands. */
export class InvalidBodyError extends Error {
  override readonly name = 'InvalidBodyError';
}

/** The request's body is in a form that is not read: 415, with the message as it stands. */
export class UnsupportedBodyError extends Error {
  override readonly name = 'UnsupportedBodyError';
}
