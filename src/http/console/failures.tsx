import type { FastifyRequest } from 'fastify';
import { OperatorConflictError, UnknownIdError } from '../../lib/operator-errors.ts';
import { codeOf, framesOf } from '../../lib/safe-error.ts';
import {
  DeliveryPrunedError,
  EndpointConflictError,
  EndpointNotFoundError,
  InvalidEndpointError,
} from '../../notifications/endpoints/endpoint-errors.ts';
import { InvalidCursorError, OrderNotFoundError } from '../../orders/order-errors.ts';
import {
  RepairRefusedError,
  TemporalUnavailableError,
} from '../../orders/repairs/repair-errors.ts';
import type { Log } from '../../process/log.ts';
import { isDatabaseUnavailable } from '../../storage/database.ts';
import { FailedAttemptsError } from '../edge/failed-attempts.ts';
import { ForeignFormError, ReasonError, RoleError, type View } from './page.ts';

/** The answer to a request that failed. */
export interface Failure {
  readonly status: number;
  readonly view: View;
  /** Seconds after which the same request may succeed. */
  readonly retryAfter?: number;
}

const MISSING = [UnknownIdError, OrderNotFoundError, EndpointNotFoundError];
/** Refusals whose messages are for people. */
const REFUSED = [
  ...[OperatorConflictError, EndpointConflictError, DeliveryPrunedError],
  ...[RepairRefusedError, InvalidEndpointError],
];

const NOT_UNDERSTOOD = { statusCode: 400 };

/** Turns an error into a page. The log gets the code and the place of an unknown error, but not its message. */
export function failureOf(error: unknown, request: FastifyRequest, log: Log): Failure {
  if (error instanceof FailedAttemptsError) {
    return failure(429, 'Too many attempts', 'Wait, then try again.', error.retryAfterSeconds);
  }
  if (error instanceof RoleError) {
    return failure(403, 'Not allowed', `This needs the role ${error.role}.`);
  }
  if (error instanceof ReasonError) {
    const text =
      'The organization requires a reason from those who see patient data. State it on the page of the order.';
    return failure(403, 'Not shown', text);
  }
  if (error instanceof ForeignFormError) {
    const text = 'The form is out of date. Go back, reload the page and try again.';
    return failure(403, 'Not sent', text);
  }
  if (MISSING.some((kind) => error instanceof kind)) {
    return failure(404, 'Not found', 'Nothing has this id. It may be incomplete.');
  }
  if (REFUSED.some((kind) => error instanceof kind)) {
    return failure(409, 'Not done', `${sentence((error as Error).message)} Nothing was changed.`);
  }
  if (error instanceof TemporalUnavailableError) {
    return failure(503, 'Temporal does not answer', 'Nothing was changed. Try again later.', 5);
  }
  const { statusCode } =
    error instanceof InvalidCursorError ? NOT_UNDERSTOOD : (error as { statusCode?: number });
  if (statusCode === 404) return failure(404, 'Not found', 'The console has no such page.');
  if (statusCode !== undefined && statusCode < 500) {
    return failure(statusCode, 'Not understood', 'The request cannot be read.');
  }
  const route = request.routeOptions.url ?? 'unknown';
  if (isDatabaseUnavailable(error)) {
    log.warn('Postgres does not answer', { code: codeOf(error), route });
    return failure(503, 'Postgres does not answer', 'The page comes back with Postgres.', 5);
  }
  log.error(`request failed${framesOf(error)[0] ?? ''}`, { code: codeOf(error), route });
  return failure(500, 'Something failed', 'The log of the console has the cause.');
}

/** Returns the result in the audit log of a request that failed. */
export function auditResultOf(error: unknown): string {
  if (error instanceof RoleError || error instanceof ReasonError) return 'FORBIDDEN';
  if (MISSING.some((kind) => error instanceof kind)) return 'NOT_FOUND';
  return REFUSED.some((kind) => error instanceof kind) ? 'CONFLICT' : 'FAILED';
}

function failure(status: number, title: string, text: string, retryAfter?: number): Failure {
  const view = { title, content: <p>{text}</p> };
  return { status, view, ...(retryAfter !== undefined && { retryAfter }) };
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
