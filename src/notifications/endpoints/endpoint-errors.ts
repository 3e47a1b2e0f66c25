import type { ErrorCode } from '../../contract/error-list.ts';
import type { FieldError } from '../../contract/validation.ts';

/** A field breaks a rule that the schema cannot check. The message never quotes the field's value. */
export class InvalidEndpointError extends Error {
  override readonly name = 'InvalidEndpointError';
  readonly errors: readonly [FieldError, ...FieldError[]];

  constructor(field: string, rule: string) {
    const message = `${field} ${rule}`;
    super(message);
    this.errors = [{ path: field, field, message }];
  }
}

/** The organization has no such endpoint or delivery. Those of other organizations count as missing. */
export class EndpointNotFoundError extends Error {
  override readonly name = 'EndpointNotFoundError';
  readonly what: 'endpoint' | 'delivery';

  constructor(what: 'endpoint' | 'delivery') {
    super(`${what} not found`);
    this.what = what;
  }
}

/** The delivery was pruned, or an id of that age never existed. */
export class DeliveryPrunedError extends Error {
  override readonly name = 'DeliveryPrunedError';
  readonly code = 'DELIVERY_PRUNED' satisfies ErrorCode;

  constructor() {
    super('deliveries of that time are no longer kept; GET /api/v1/events has the events that are');
  }
}

/** The request conflicts with the current state; `message` says why. */
export class EndpointConflictError extends Error {
  override readonly name = 'EndpointConflictError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
