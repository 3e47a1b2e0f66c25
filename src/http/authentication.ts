import type { FastifyRequest } from 'fastify';
import type { OrderService } from '../orders/order-service.ts';
import type { Caller, Scope } from '../organizations/authenticate.ts';
import type { KnownKeys } from '../organizations/known-keys.ts';
import type { FailedAttempts } from './edge/failed-attempts.ts';
import {
  MissingApiKeyError,
  PermissionDeniedError,
  UnauthorizedError,
} from './errors/http-errors.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by {@link authenticateRequest}; null on routes that need no key. */
    caller: Caller | null;
  }
}

/**
 * Creates the hook that authenticates a request by its header `cv-api-key`, before the body is read
 * (docs/api.md, "The order of checks").
 *
 * @throws {MissingApiKeyError} the header is missing (400).
 * @throws {UnauthorizedError} the key is blank, unknown, revoked or expired (401).
 * @throws {FailedAttemptsError} too many attempts from the caller's address failed, and the key is not one
 *   of the valid keys (429).
 */
export function authenticateRequest(
  orders: Pick<OrderService, 'authenticate'>,
  {
    keyFailures,
    knownKeys,
  }: { readonly keyFailures: FailedAttempts; readonly knownKeys: KnownKeys },
): (request: FastifyRequest) => Promise<void> {
  return async (request) => {
    const header = request.headers['cv-api-key'];
    const key = typeof header === 'string' && header.trim() !== '' ? header : undefined;
    // A valid key is served whatever other clients of its address did, while guesses cost no query each.
    if (keyFailures.isRefusing(request.ip) && (key === undefined || !(await knownKeys.has(key)))) {
      keyFailures.admit(request.ip, undefined);
    }
    const caller = key === undefined ? undefined : await orders.authenticate(key);
    if (key === undefined || caller === undefined) {
      keyFailures.failed(request.ip);
      throw header === undefined ? new MissingApiKeyError() : new UnauthorizedError();
    }
    request.caller = caller;
  };
}

/**
 * Returns the organization of an authenticated request.
 *
 * @throws {UnauthorizedError} the request was not authenticated (401).
 * @throws {PermissionDeniedError} the key lacks the scope (403).
 */
export function organizationWith(request: FastifyRequest, scope: Scope): string {
  if (request.caller === null) throw new UnauthorizedError();
  if (!request.caller.scopes.includes(scope)) throw new PermissionDeniedError();
  return request.caller.organizationId;
}
