import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { failure, idempotencyConflict } from '../../contract/envelope.ts';
import type { ErrorCode, ErrorStatus } from '../../contract/error-list.ts';
import { DocumentStoreError } from '../../documents/document-errors.ts';
import { KeyServiceError } from '../../keys/key-provider.ts';
import { codeOf, framesOf } from '../../lib/safe-error.ts';
import {
  DeliveryPrunedError,
  EndpointConflictError,
  EndpointNotFoundError,
  InvalidEndpointError,
} from '../../notifications/endpoints/endpoint-errors.ts';
import { OverloadedError } from '../../orders/backpressure.ts';
import {
  CaseNotPermittedError,
  EventsPrunedError,
  IdempotencyConflictError,
  InvalidCursorError,
  InvalidOrderError,
  OrderNotCancellableError,
  OrderNotFoundError,
} from '../../orders/order-errors.ts';
import { RateLimitedError } from '../../organizations/rate-limit.ts';
import type { Log } from '../../process/log.ts';
import { isDatabaseUnavailable } from '../../storage/database.ts';
import { FailedAttemptsError } from '../edge/failed-attempts.ts';
import { rateLimitHeaders } from '../rate-limit-headers.ts';
import {
  AuditUnavailableError,
  InvalidBodyError,
  InvalidRequestError,
  MissingApiKeyError,
  PermissionDeniedError,
  RangeNotSatisfiableError,
  RETRY_AFTER_SECONDS,
  UnauthorizedError,
  UnsupportedBodyError,
} from './http-errors.ts';

/** Fastify's own errors by code, with the status and text of our envelope. */
const FRAMEWORK_FAULTS: Readonly<
  Record<string, readonly [status: 400 | 413 | 415, error: string, path?: string]>
> = {
  FST_ERR_CTP_INVALID_JSON_BODY: [400, 'body must be valid JSON', 'body'],
  FST_ERR_CTP_EMPTY_JSON_BODY: [400, 'body must be a JSON object', 'body'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [400, 'Content-Length does not match the body', 'body'],
  FST_ERR_CTP_BODY_TOO_LARGE: [413, 'body must not be larger than 1 MiB'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [415, 'Content-Type must be application/json'],
  FST_ERR_BAD_URL: [400, 'the URL is malformed', 'url'],
};

/**
 * Creates Fastify's error handler, the only place that turns errors into responses, from 400 to 503.
 * An unknown error becomes a 500 without details. The log gets its code and place but not its message,
 * which may quote the request.
 */
export function createErrorHandler(
  log: Log,
): (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => FastifyReply {
  return (error, request, reply) => {
    if (error instanceof MissingApiKeyError) {
      return refuse(reply, 400, 'cv-api-key is required', 'cv-api-key');
    }
    if (error instanceof UnauthorizedError) {
      return reply.code(401).send(failure(401, 'Unauthorized'));
    }
    if (error instanceof PermissionDeniedError || error instanceof CaseNotPermittedError) {
      return reply.code(403).send(failure(403, 'Permission denied'));
    }
    if (
      error instanceof InvalidOrderError ||
      error instanceof InvalidRequestError ||
      error instanceof InvalidEndpointError
    ) {
      return reply.code(400).send(failure(400, error.errors[0].message, error.errors));
    }
    if (error instanceof InvalidBodyError) {
      return refuse(reply, 400, error.message, 'body');
    }
    if (error instanceof UnsupportedBodyError) {
      return refuse(reply, 415, error.message);
    }
    // The client closed the connection. Nobody reads this response, but the metrics must not count a
    // 5xx. The error's code can be that of a lost database connection, so this check comes first.
    if (error === request.raw.errored) {
      return refuse(reply, 400, 'body must come whole', 'body');
    }
    if (error instanceof InvalidCursorError) {
      return refuse(reply, 400, error.message, error.field);
    }
    if (error instanceof RangeNotSatisfiableError) {
      reply.header('content-range', `bytes */${error.size}`);
      return reply.code(416).send(failure(416, error.message));
    }
    if (error instanceof OrderNotCancellableError) {
      const code: ErrorCode = 'ORDER_NOT_CANCELLABLE';
      return reply.code(409).send({ ...failure(409, error.message), code });
    }
    if (error instanceof EventsPrunedError || error instanceof DeliveryPrunedError) {
      return reply.code(410).send({ ...failure(410, error.message), code: error.code });
    }
    if (error instanceof EndpointConflictError) {
      return reply.code(409).send({ ...failure(409, error.message), code: error.code });
    }
    if (error instanceof OrderNotFoundError || error instanceof EndpointNotFoundError) {
      return reply.code(404).send(failure(404, error.message));
    }
    if (error instanceof IdempotencyConflictError) {
      return conflict(reply, error.existing);
    }
    if (error instanceof RateLimitedError) {
      return reply
        .code(429)
        .headers(rateLimitHeaders(error.state))
        .header('retry-after', String(Math.max(1, Math.ceil(error.retryAfterMs / 1_000))))
        .send(failure(429, error.message));
    }
    if (error instanceof FailedAttemptsError) {
      return reply
        .code(429)
        .header('retry-after', String(error.retryAfterSeconds))
        .send(failure(429, error.message));
    }
    if (error instanceof AuditUnavailableError) {
      return reply
        .code(503)
        .header('retry-after', String(RETRY_AFTER_SECONDS))
        .send(failure(503, error.message));
    }
    if (error instanceof OverloadedError) {
      return reply
        .code(503)
        .header('retry-after', String(RETRY_AFTER_SECONDS))
        .send(failure(503, `${error.message}; send the request again`));
    }
    const known = FRAMEWORK_FAULTS[error.code];
    if (known !== undefined) {
      return refuse(reply, ...known);
    }
    const fields = {
      requestId: request.id,
      route: request.routeOptions.url ?? '',
      code: codeOf(error),
    };
    const dependency = unavailableDependency(error);
    if (dependency !== undefined) {
      if (error instanceof DocumentStoreError) request.audit = 'failed';
      log.warn(`${dependency} unavailable`, fields);
      return reply
        .code(503)
        .header('retry-after', String(RETRY_AFTER_SECONDS))
        .send(failure(503, 'temporarily unavailable; send the request again'));
    }
    log.error(`unexpected error${framesOf(error)[0] ?? ''}`, fields);
    return reply.code(500).send(failure(500, 'internal error'));
  };
}

/** Names the dependency whose outage caused the error; undefined for any other error. */
function unavailableDependency(error: Error): string | undefined {
  if (error instanceof DocumentStoreError) return 'document store';
  if (error instanceof KeyServiceError) return 'key service';
  return isDatabaseUnavailable(error) ? 'database' : undefined;
}

/** Sends an error with one problem. With a path, `errors` lists it too, like a field of an order. */
function refuse(
  reply: FastifyReply,
  status: ErrorStatus,
  message: string,
  path?: string,
): FastifyReply {
  const errors = path === undefined ? undefined : [{ path, message }];
  return reply.code(status).send(failure(status, message, errors));
}

/** Sends the 409 of a used key. Its headers let a client find its order after a lost response. */
function conflict(
  reply: FastifyReply,
  existing: IdempotencyConflictError['existing'],
): FastifyReply {
  reply.header('idempotency-match', existing === undefined ? 'different' : 'same');
  if (existing !== undefined) {
    const { caseId, orderId } = existing;
    reply.header('location', `/api/v1/cases/${encodeURIComponent(caseId)}/orders/${orderId}`);
  }
  return reply.code(409).send(idempotencyConflict());
}
