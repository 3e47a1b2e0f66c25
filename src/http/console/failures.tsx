import type { FastifyRequest } from 'fastify';
import { UnknownIdError } from '../../lib/operator-errors.ts';
import { codeOf, framesOf } from '../../lib/safe-error.ts';
import { OrderNotFoundError } from '../../orders/order-errors.ts';
import type { Log } from '../../process/log.ts';
import { isDatabaseUnavailable } from '../../storage/database.ts';
import { FailedAttemptsError } from '../edge/failed-attempts.ts';
import type { View } from './page.ts';

/** The answer to a request that failed. */
export interface Failure {
  readonly status: number;
  readonly view: View;
  /** Seconds after which the same request may succeed. */
  readonly retryAfter?: number;
}

/** Turns an error into a page. The log gets the code and the place of an unknown error, but not its message. */
export function failureOf(error: unknown, request: FastifyRequest, log: Log): Failure {
  if (error instanceof FailedAttemptsError) {
    return failure(429, 'Too many attempts', 'Wait, then try again.', error.retryAfterSeconds);
  }
  if (error instanceof UnknownIdError || error instanceof OrderNotFoundError) {
    return failure(404, 'Not found', 'Nothing has this id. It may be incomplete.');
  }
  const { statusCode, code, role } = error as { statusCode?: number; code?: string; role?: string };
  if (statusCode === 403) {
    return code === 'ROLE'
      ? failure(403, 'Not allowed', `This needs the role ${role ?? 'admin'}.`)
      : failure(
          403,
          'Not sent',
          'The form is out of date. Go back, reload the page and try again.',
        );
  }
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

function failure(status: number, title: string, text: string, retryAfter?: number): Failure {
  const view = { title, content: <p>{text}</p> };
  return { status, view, ...(retryAfter !== undefined && { retryAfter }) };
}
