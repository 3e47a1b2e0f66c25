import { z } from 'zod';
import { success, successBody } from '../../contract/envelope.ts';
import { object, requiredText } from '../../contract/fields.ts';
import { idempotencyKey } from '../../contract/formats.ts';
import { orderView } from '../../contract/order.ts';
import { parseBody } from '../../contract/validation.ts';
import { InvalidRequestError } from '../errors/http-errors.ts';
import { NOT_FOUND } from '../openapi/responses.ts';
import { defineRoute, type Route, type RouteDependencies } from '../route.ts';

const headers = object({ 'Idempotency-Key': requiredText().pipe(idempotencyKey()) });

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
      headers: z.object({ 'Idempotency-Key': idempotencyKey() }),
      responses: {
        200: { description: 'The order.', schema: successBody(z.object({ order: orderView })) },
        404: NOT_FOUND,
      },
    },
    async handle({ organizationId, request }) {
      const parsed = parseBody(headers, { 'Idempotency-Key': request.headers['idempotency-key'] });
      if (!parsed.ok) throw new InvalidRequestError(parsed.errors);
      const order = await orders.readByIdempotencyKey(
        organizationId,
        parsed.value['Idempotency-Key'],
      );
      request.orderId = order.id;
      return success('Order', { order });
    },
  });
}
