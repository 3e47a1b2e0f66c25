import type { FieldError } from '../../contract/validation.ts';

/** An endpoint's field breaks a rule that only a deployment can tell; texts never hold its value. */
export class InvalidEndpointError extends Error {
  override readonly name = 'InvalidEndpointError';
  readonly errors: readonly [FieldError, ...FieldError[]];

  constructor(field: string, rule: string) {
    const message = `${field} ${rule}`;
    super(message);
    this.errors = [{ path: field, field, message }];
  }
}

/** The organization has no such endpoint or delivery; another's is not told from none. */
export class EndpointNotFoundError extends Error {
  override readonly name = 'EndpointNotFoundError';
  readonly what: 'endpoint' | 'delivery';

  constructor(what: 'endpoint' | 'delivery') {
    super(`${what} not found`);
    this.what = what;
  }
}

/** What is asked for does not go with what is there; `message` says why. */
export class EndpointConflictError extends Error {
  override readonly name = 'EndpointConflictError';
  readonly code: 'TOO_MANY_ENDPOINTS' | 'ENDPOINT_NOT_ENABLED' | 'NOT_REPLAYABLE';

  constructor(code: EndpointConflictError['code'], message: string) {
    super(message);
    this.code = code;
  }
}
