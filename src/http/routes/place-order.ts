import { jsonDepthExceeds } from '../../contract/canonical-json.ts';
import { orderCreated } from '../../contract/envelope.ts';
import { parsePlaceOrder } from '../../contract/place-order.ts';
import { IdempotencyConflictError, InvalidOrderError } from '../../orders/errors.ts';
import { organizationWith } from '../caller.ts';
import { InvalidBodyError } from '../errors.ts';
import type { Route, RouteDependencies } from '../route.ts';

/** Levels of objects and arrays in a body; `customFields` may nest, but nobody needs more. */
const MOST_LEVELS = 64;

/** `POST /api/v1/cases/:caseId` (contract, `place-order.md`). */
export function placeOrder({ orders }: RouteDependencies): Route {
  return {
    method: 'POST',
    url: '/api/v1/cases/:caseId',
    auth: 'api-key',
    async handle(request, reply) {
      const { caseId } = request.params as { caseId: string };
      if (jsonDepthExceeds(request.body, MOST_LEVELS)) {
        throw new InvalidBodyError(`body must not be nested deeper than ${MOST_LEVELS} levels`);
      }
      const parsed = parsePlaceOrder(request.body);
      if (!parsed.ok) throw new InvalidOrderError(parsed.errors);
      const organizationId = organizationWith(request, 'orders:write');
      try {
        const { orderId } = await orders.accept({ organizationId, caseId, request: parsed.value });
        request.orderId = orderId;
        return orderCreated(orderId);
      } catch (error) {
        // By request, the same payload under its used key gets the first answer again.
        const replay = request.headers['idempotency-mode'] === 'replay';
        if (replay && error instanceof IdempotencyConflictError && error.existing !== undefined) {
          reply.header('idempotency-replayed', 'true');
          return orderCreated(error.existing.orderId);
        }
        throw error;
      }
    },
  };
}
