import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { success, successBody } from '../../contract/envelope.ts';
import { idempotencyKey } from '../../contract/formats.ts';
import { KEY_HEADER, parseKeyHeader } from '../../contract/idempotency-key-header.ts';
import { orderView } from '../../contract/order.ts';
import { InvalidRequestError } from '../errors/http-errors.ts';
import { keyHeadersOf } from '../idempotency-key-header.ts';
import { NOT_FOUND } from '../openapi/responses.ts';
import { defineRoute, type Route, type RouteDependencies } from '../route.ts';

/**
 * `GET /api/v1/orders/by-idempotency-key`: the order with an idempotency key. A header carries the key,
 * because the client chose its text and URLs end up in logs.
 */
export function readOrderByKey({ orders }: RouteDependencies): Route {
  return defineRoute({
    method: 'GET',
    url: '/api/v1/orders/by-idempotency-key',
    auth: 'orders:read',
    audit: 'ORDER_READ',
    doc: {
      operationId: 'readOrderByIdempotencyKey',
      tag: 'Orders',
      summary: 'Find an order by its idempotency key',
      headers: z.object({ [KEY_HEADER]: idempotencyKey() }),
      responses: {
        200: { description: 'The order.', schema: successBody(z.object({ order: orderView })) },
        404: NOT_FOUND,
      },
    },
    async handle({ organizationId, request }) {
      const key = keyOf(request);
      const order = await orders.readByIdempotencyKey(organizationId, key);
      request.orderId = order.id;
      return success('Order', { order });
    },
  });
}

/** The key that the request names. @throws {InvalidRequestError} it is missing or breaks a rule. */
function keyOf(request: FastifyRequest): string {
  const parsed = parseKeyHeader(keyHeadersOf(request).filter((key) => key !== ''));
  if (!parsed.ok) throw new InvalidRequestError(parsed.errors);
  if (parsed.value !== undefined) return parsed.value;
  const message = `${KEY_HEADER} is required`;
  throw new InvalidRequestError([{ path: KEY_HEADER, field: KEY_HEADER, message }]);
}
