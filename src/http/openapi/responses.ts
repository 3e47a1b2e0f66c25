import { z } from 'zod';
import { failureBody, idempotencyConflictBody } from '../../contract/envelope.ts';
import type { ResponseDoc, Route } from '../route.ts';

const RETRY_AFTER = z.object({
  'Retry-After': z.string().meta({ description: 'Seconds to wait.', example: '2' }),
});

function refusal(description: string, status: number, message: string, error: string): ResponseDoc {
  return {
    description,
    schema: failureBody,
    examples: {
      [String(status)]: { summary: error, value: { status, success: false, message, error } },
    },
  };
}

/** The errors of every route that needs a key (place-order.md, "Responses"). */
const WITH_KEY: Readonly<Record<number, ResponseDoc>> = {
  400: refusal(
    'The header `cv-api-key` is missing, or a part of the request breaks a rule: `error` names the first problem, `errors` all.',
    400,
    'Invalid request',
    'cv-api-key is required',
  ),
  401: refusal(
    'The key is blank, unknown, revoked or expired, or its organization is gone.',
    401,
    'Invalid request',
    'Unauthorized',
  ),
  403: refusal(
    'The key lacks the scope, or the case does not exist or is another organization’s; which of them is not told.',
    403,
    'Invalid request',
    'Permission denied',
  ),
  429: {
    ...refusal(
      'The key’s rate limit is used up, or too many attempts from the caller’s address failed.',
      429,
      'Too many requests',
      'the rate limit is used up',
    ),
    headers: RETRY_AFTER,
  },
};

const WITH_BODY: Readonly<Record<number, ResponseDoc>> = {
  413: refusal(
    'The body is over 1 MiB.',
    413,
    'Payload too large',
    'body must not be larger than 1 MiB',
  ),
  415: refusal(
    'The body is not `application/json` in UTF-8, or it is compressed.',
    415,
    'Unsupported media type',
    'Content-Type must be application/json',
  ),
};

const ANY: Readonly<Record<number, ResponseDoc>> = {
  400: refusal('The request is malformed.', 400, 'Invalid request', 'the URL is malformed'),
  431: refusal(
    'The URL and the headers are over 16 KiB together.',
    431,
    'Request header fields too large',
    'the headers are too large',
  ),
  500: refusal('A fault of ours.', 500, 'Internal server error', 'internal error'),
  503: {
    ...refusal(
      'We cannot serve just now: send the request again, an order under the same key.',
      503,
      'Service unavailable',
      'temporarily unavailable; send the request again',
    ),
    headers: RETRY_AFTER,
  },
};

/** Where a caller proves itself by other means than a key. */
export const TOO_MANY_FAILURES: ResponseDoc = {
  ...refusal(
    'Too many attempts from the caller’s address failed.',
    429,
    'Too many requests',
    'too many failed attempts; wait',
  ),
  headers: RETRY_AFTER,
};

/** What is not there, or is another organization's. */
export const NOT_FOUND: ResponseDoc = refusal(
  'There is none.',
  404,
  'Not found',
  'order not found',
);

/** The two 409s of `POST /api/v1/cases/:caseId`. */
export const CONFLICT: ResponseDoc = {
  description:
    '`PLACE_ORDER`: the idempotency key was used before. `CANCEL_ORDER`: the order has ended.',
  schema: z.union([idempotencyConflictBody, failureBody]),
  headers: z.object({
    'Idempotency-Match': z.exactOptional(z.enum(['same', 'different'])).meta({
      description: 'Whether the order that holds the key has the same payload.',
    }),
    Location: z.exactOptional(z.string()).meta({ description: 'That order, if it has.' }),
  }),
  examples: {
    IDEMPOTENCY_ERROR: {
      summary: 'The key was used before',
      value: {
        status: 409,
        success: false,
        code: 'IDEMPOTENCY_ERROR',
        description:
          'A record with the provided idempotencyKey already exists for this organization.',
      },
    },
    ORDER_NOT_CANCELLABLE: {
      summary: 'The order has ended',
      value: {
        status: 409,
        success: false,
        message: 'Conflict',
        error: 'an order that is COMPLETED cannot be cancelled',
        code: 'ORDER_NOT_CANCELLABLE',
      },
    },
  },
};

/** The 409 of what does not go with the state of an endpoint or a delivery. */
export function endpointConflict(description: string, code: string, error: string): ResponseDoc {
  return {
    description,
    schema: failureBody,
    examples: {
      [code]: {
        summary: error,
        value: { status: 409, success: false, message: 'Conflict', error, code },
      },
    },
  };
}

/** All answers of a route: its own, and the errors that every route of its kind has. */
export function responsesOf(route: Route): Readonly<Record<number, ResponseDoc>> {
  return {
    ...ANY,
    ...(route.auth === 'none' ? {} : WITH_KEY),
    ...(route.body === undefined ? {} : WITH_BODY),
    ...route.doc.responses,
  };
}
