import type { ErrorCode } from '../contract/error-list.ts';
import type { OrderStatus } from '../contract/order.ts';
import type { FieldError } from '../contract/validation.ts';

/** The order breaks a rule of the contract; `errors` lists every problem, the first one first. */
export class InvalidOrderError extends Error {
  override readonly name = 'InvalidOrderError';
  readonly errors: readonly [FieldError, ...FieldError[]];

  constructor(errors: readonly [FieldError, ...FieldError[]]) {
    super(errors[0].message);
    this.errors = errors;
  }
}

/** The case does not exist or belongs to another organization; the error does not say which. */
export class CaseNotPermittedError extends Error {
  override readonly name = 'CaseNotPermittedError';

  constructor() {
    super('Permission denied');
  }
}

/** The organization has already used the idempotency key. */
export class IdempotencyConflictError extends Error {
  override readonly name = 'IdempotencyConflictError';
  /** The order that has the key, if its payload is the same; otherwise undefined. */
  readonly existing: { readonly orderId: string; readonly caseId: string } | undefined;

  constructor(existing: { orderId: string; caseId: string } | undefined) {
    super('A record with the provided idempotencyKey already exists for this organization.');
    // The callers read more from Postgres than a caller of the API may see.
    this.existing = existing && { orderId: existing.orderId, caseId: existing.caseId };
  }
}

/** The organization has no such order (or document). */
export class OrderNotFoundError extends Error {
  override readonly name = 'OrderNotFoundError';

  constructor(what = 'order') {
    super(`${what} not found`);
  }
}

/** The cursor does not come from this list. */
export class InvalidCursorError extends Error {
  override readonly name = 'InvalidCursorError';
  /** The parameter that carried it. */
  readonly field: string;

  constructor(field = 'cursor') {
    super(`${field} must be a nextCursor of this list`);
    this.field = field;
  }
}

/** Events after the cursor were pruned, so the list would skip them. */
export class EventsPrunedError extends Error {
  override readonly name = 'EventsPrunedError';
  readonly code = 'EVENTS_PRUNED' satisfies ErrorCode;

  constructor() {
    super(
      'events after this cursor are no longer kept; read the orders, and begin again without after',
    );
  }
}

/** The order has ended, so it cannot be cancelled. */
export class OrderNotCancellableError extends Error {
  override readonly name = 'OrderNotCancellableError';
  readonly status: string;

  constructor(status: string) {
    super(`an order that is ${status} cannot be cancelled`);
    this.status = status;
  }
}

/** `OrderHandle.result` reached its `timeoutMs`. */
export class OrderTimeoutError extends Error {
  override readonly name = 'OrderTimeoutError';
  /** The order's status at that time. */
  readonly status: OrderStatus;

  constructor(status: OrderStatus) {
    super(`the order was ${status} when the time was up`);
    this.status = status;
  }
}
