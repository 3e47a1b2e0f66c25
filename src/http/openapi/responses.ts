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

/** The errors of every route that needs a key (docs/place-order.md, "Responses"). */
const WITH_KEY: Readonly<Record<number, ResponseDoc>> = {
  400: refusal(
    'The header `cv-api-key` is missing, or the request breaks a rule. `error` names the first problem; `errors` lists all of them.',
    400,
    'Invalid request',
    'cv-api-key is required',
  ),
  401: refusal(
    'The key is blank, unknown, revoked or expired, or its organization no longer exists.',
    401,
    'Invalid request',
    'Unauthorized',
  ),
  403: refusal(
    'The key lacks the scope, the case does not exist, or it belongs to another organization. The response does not reveal which.',
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
    'The URL and the headers together are over 16 KiB.',
    431,
    'Request header fields too large',
    'the headers are too large',
  ),
  500: refusal('An error in the server.', 500, 'Internal server error', 'internal error'),
  503: {
    ...refusal(
      'The server is temporarily unavailable. Send the request again; for an order, use the same idempotency key.',
      503,
      'Service unavailable',
      'temporarily unavailable; send the request again',
    ),
    headers: RETRY_AFTER,
  },
};

/** The 429 of a route that authenticates its callers without an API key. */
export const TOO_MANY_FAILURES: ResponseDoc = {
  ...refusal(
    'Too many attempts from the caller’s address failed.',
    429,
    'Too many requests',
    'too many failed attempts; wait',
  ),
  headers: RETRY_AFTER,
};

/** The 404 of a resource that does not exist or belongs to another organization. */
export const NOT_FOUND: ResponseDoc = refusal(
  'It does not exist.',
  404,
  'Not found',
  'order not found',
);

/** The two 409s of `POST /api/v1/cases/:caseId`. */
export const CONFLICT: ResponseDoc = {
  description:
    '`PLACE_ORDER`: the idempotency key was used before. `CANCEL_ORDER`: the order has already ended.',
  schema: z.union([idempotencyConflictBody, failureBody]),
  headers: z.object({
    'Idempotency-Match': z.exactOptional(z.enum(['same', 'different'])).meta({
      description: 'Whether the order with this key has the same payload.',
    }),
    Location: z
      .exactOptional(z.string())
      .meta({ description: 'The order with this key; sent when its payload is the same.' }),
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
      summary: 'The order has already ended',
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

/** The 410 of a request for something that was pruned after its retention time. */
export function pruned(description: string, code: string, error: string): ResponseDoc {
  return {
    description,
    schema: failureBody,
    examples: {
      [code]: {
        summary: error,
        value: { status: 410, success: false, message: 'Gone', error, code },
      },
    },
  };
}

/** The 409 of a request that conflicts with the state of an endpoint or a delivery. */
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

/** Returns all responses of a route: its own, and the errors that every such route can return. */
export function responsesOf(route: Route): Readonly<Record<number, ResponseDoc>> {
  return {
    ...ANY,
    ...(route.auth === 'none' ? {} : WITH_KEY),
    ...(route.body === undefined ? {} : WITH_BODY),
    ...route.doc.responses,
  };
}
