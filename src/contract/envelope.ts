import { z } from 'zod';
import { ERROR_STATUSES, type ErrorCode, type ErrorStatus } from './error-list.ts';

/*
 * The bodies of answers (docs/place-order.md, "Responses"). Clients may compare them as text, so each
 * function writes the keys in the contract's order.
 */

/**
 * The schema of a success answer.
 *
 * @param data the schema of `data`.
 */
export function successBody<Data extends z.ZodType>(data: Data, status = 200) {
  return z.object({
    status: z.literal(status),
    success: z.literal(true),
    message: z.string().meta({ description: 'Text for people. It may change.' }),
    data,
  });
}

const fieldError = z
  .object({
    path: z.string().meta({
      description: 'The full path of the field in the body.',
      example: 'order.prescriber.firstName',
    }),
    message: z.string().meta({
      description: 'The field and the rule that it breaks.',
      example: 'firstName is required',
    }),
  })
  .meta({ id: 'FieldError', description: 'One field that breaks a rule.' });

export const failureBody = z
  .object({
    status: z.int().meta({ description: 'The HTTP status.', example: 400 }),
    success: z.literal(false),
    message: z.string().meta({ description: 'The kind of error.', example: 'Invalid request' }),
    error: z.string().meta({ description: 'The first problem.', example: 'firstName is required' }),
    errors: z
      .exactOptional(z.array(fieldError))
      .meta({ description: 'All problems with their full paths.' }),
    code: z.exactOptional(z.string()).meta({ description: 'A stable code, if one is defined.' }),
  })
  .meta({ id: 'Failure', description: 'The body of every error except a used idempotency key.' });

export const idempotencyConflictBody = z
  .object({
    status: z.literal(409),
    success: z.literal(false),
    code: z.literal('IDEMPOTENCY_ERROR'),
    description: z.string(),
  })
  .meta({ id: 'IdempotencyConflict', description: 'The idempotency key was used before.' });

/** The body of a success answer. */
export interface SuccessBody<Data> {
  readonly status: number;
  readonly success: true;
  readonly message: string;
  readonly data: Data;
}

/** The body of an error. */
export type FailureBody = Readonly<z.output<typeof failureBody>>;

/** The body of the 200 for a placed order. */
export function orderCreated(orderId: string): SuccessBody<{ order: { id: string } }> {
  return success('Order created successfully', { order: { id: orderId } });
}

/**
 * Builds the body of a success answer.
 *
 * @param message text for people.
 * @param data an object with the named result, e.g. `{ order }` (docs/api.md, "The HTTP API").
 * @param status the HTTP status.
 */
export function success<Data>(message: string, data: Data, status = 200): SuccessBody<Data> {
  return { status, success: true, message, data };
}

/**
 * Builds the body of an error.
 *
 * @param status the HTTP status.
 * @param error the first problem, e.g. `firstName is required`.
 * @param errors all problems. The body contains their `path` and `message` only.
 */
export function failure(
  status: ErrorStatus,
  error: string,
  errors?: readonly { readonly path: string; readonly message: string }[],
): FailureBody {
  return {
    status,
    success: false,
    message: ERROR_STATUSES[status].message,
    error,
    ...(errors && { errors: errors.map(({ path, message }) => ({ path, message })) }),
  };
}

/** The body of the 409 for a used idempotency key. */
export function idempotencyConflict() {
  return {
    status: 409,
    success: false,
    code: 'IDEMPOTENCY_ERROR' satisfies ErrorCode,
    description: 'A record with the provided idempotencyKey already exists for this organization.',
  } as const;
}
