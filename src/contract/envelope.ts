/*
 * The bodies of answers (place-order.md, "Responses"). Clients may compare them as text, so each
 * builder writes its keys in the contract's order.
 */

/** The body of an answer that is not an error. */
export interface SuccessBody<Data> {
  readonly status: number;
  readonly success: true;
  readonly message: string;
  readonly data: Data;
}

/** The body of an error. */
export interface FailureBody {
  readonly status: number;
  readonly success: false;
  readonly message: string;
  /** The first problem. */
  readonly error: string;
  /** All problems with their full paths. */
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
}

/** The 200 of a placed order. */
export function orderCreated(orderId: string): SuccessBody<{ order: { id: string } }> {
  return success('Order created successfully', { order: { id: orderId } });
}

/**
 * An answer that is not an error.
 *
 * @param message for people.
 * @param data names what it holds, e.g. `{ order }` (api.md, "HTTP").
 * @param status the HTTP status.
 */
export function success<Data>(message: string, data: Data, status = 200): SuccessBody<Data> {
  return { status, success: true, message, data };
}

/** What `message` says beside the statuses that the contract words itself: 400, 401, 403. */
const MESSAGES: Readonly<Record<number, string>> = {
  404: 'Not found',
  405: 'Method not allowed',
  408: 'Request timeout',
  409: 'Conflict',
  413: 'Payload too large',
  415: 'Unsupported media type',
  429: 'Too many requests',
  431: 'Request header fields too large',
  500: 'Internal server error',
  503: 'Service unavailable',
};

/**
 * An error.
 *
 * @param status the HTTP status.
 * @param error the first problem, e.g. `firstName is required`.
 * @param errors all problems; only their `path` and `message` are shown.
 */
export function failure(
  status: number,
  error: string,
  errors?: readonly { readonly path: string; readonly message: string }[],
): FailureBody {
  return {
    status,
    success: false,
    message: MESSAGES[status] ?? 'Invalid request',
    error,
    ...(errors && { errors: errors.map(({ path, message }) => ({ path, message })) }),
  };
}

/** The 409 of a used idempotency key. */
export function idempotencyConflict() {
  return {
    status: 409,
    success: false,
    code: 'IDEMPOTENCY_ERROR',
    description: 'A record with the provided idempotencyKey already exists for this organization.',
  } as const;
}
