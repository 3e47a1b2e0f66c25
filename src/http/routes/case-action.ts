import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import {
  type CancelOrderRequest,
  cancelOrderRequest,
  parseCancelOrder,
} from '../../contract/cancel-order.ts';
import { orderCreated, success, successBody } from '../../contract/envelope.ts';
import { idempotencyKey } from '../../contract/formats.ts';
import { KEY_HEADER, parseKeyHeader } from '../../contract/idempotency-key-header.ts';
import { orderView } from '../../contract/order.ts';
import { orderValidation } from '../../contract/pharmacy.ts';
import {
  type PlaceOrderRequest,
  parsePlaceOrder,
  parseValidateOrder,
  placeOrderRequest,
  type ValidateOrderRequest,
  validateOrderRequest,
} from '../../contract/place-order.ts';
import type { Parsed } from '../../contract/validation.ts';
import { IdempotencyConflictError } from '../../orders/order-errors.ts';
import { auditSourceOf } from '../audit.ts';
import { keyHeadersOf } from '../idempotency-key-header.ts';
import { PLACE_ORDER_EXAMPLE } from '../openapi/examples.ts';
import { CONFLICT, NOT_FOUND } from '../openapi/responses.ts';
import { caseParams } from '../params.ts';
import { type Call, defineRoute, type Route, type RouteDependencies } from '../route.ts';

type CaseAction = PlaceOrderRequest | ValidateOrderRequest | CancelOrderRequest;
type CaseCall<Body> = Call<z.output<typeof caseParams>, unknown, Body>;

/**
 * `POST /api/v1/cases/:caseId`: places, validates or cancels an order (docs/place-order.md; docs/api.md,
 * "Cancel").
 */
export function caseAction({ orders }: RouteDependencies): Route {
  async function place({
    params,
    body,
    organizationId,
    request,
    reply,
  }: CaseCall<PlaceOrderRequest>) {
    const by = auditSourceOf(request);
    const acceptance = { organizationId, caseId: params.caseId, request: body, by };
    try {
      const { orderId } = await orders.accept(acceptance);
      request.orderId = orderId;
      request.audit = 'recorded';
      return orderCreated(orderId);
    } catch (error) {
      // A client can ask for the first response again, when its key and payload are the same.
      const replay = request.headers['idempotency-mode'] === 'replay';
      if (replay && error instanceof IdempotencyConflictError && error.existing !== undefined) {
        reply.header('idempotency-replayed', 'true');
        request.orderId = error.existing.orderId;
        return orderCreated(error.existing.orderId);
      }
      throw error;
    }
  }

  async function validate({ params, body, organizationId }: CaseCall<ValidateOrderRequest>) {
    const { order } = body;
    const warnings = await orders.validate({ organizationId, caseId: params.caseId, order });
    return success('Order is valid', { valid: true, warnings });
  }

  async function cancel({ params, body, organizationId, request }: CaseCall<CancelOrderRequest>) {
    const key = { organizationId, caseId: params.caseId, orderId: body.orderId };
    const { reason } = body;
    const cancellation = { actor: 'api', ...(reason === undefined ? {} : { reason }) } as const;
    await orders.cancel(key, cancellation, auditSourceOf(request));
    request.audit = 'recorded';
    const order = await orders.read(key);
    request.orderId = order.id;
    return success('Cancellation requested', { order });
  }

  return defineRoute({
    method: 'POST',
    url: '/api/v1/cases/:caseId',
    auth: 'orders:write',
    audit: auditOf,
    params: caseParams,
    body: {
      parse: parseCaseAction,
      schema: z
        .union([placeOrderRequest, validateOrderRequest, cancelOrderRequest])
        .meta({ id: 'CaseAction' }),
      examples: {
        PLACE_ORDER: { summary: 'Place an order', value: PLACE_ORDER_EXAMPLE },
        VALIDATE_ORDER: {
          summary: 'Check an order and store nothing',
          value: { action: 'VALIDATE_ORDER', order: PLACE_ORDER_EXAMPLE.order },
        },
        CANCEL_ORDER: {
          summary: 'Request the cancellation of an order',
          value: {
            action: 'CANCEL_ORDER',
            orderId: '01a20a78-fa0b-705f-a306-b6e96e3290ab',
            reason: 'Prescribed twice',
          },
        },
      },
    },
    doc: {
      operationId: 'caseAction',
      tag: 'Orders',
      summary: 'Place, validate or cancel an order',
      description:
        '`action` selects the operation. `PLACE_ORDER` responds with 200 when the order is committed; its ' +
        'processing starts then. `VALIDATE_ORDER` makes the same checks, stores nothing and uses up no ' +
        'idempotency key; its `warnings` say why an accepted order would wait for an operator. `CANCEL_ORDER` requests the cancellation; once the pharmacy has the order, the ' +
        'pharmacy decides.',
      headers: z.object({
        [KEY_HEADER]: z.exactOptional(idempotencyKey()).meta({
          description:
            '`PLACE_ORDER`: the idempotency key, if the body has no `idempotencyKey`. If both are ' +
            'sent, they must be equal.',
        }),
        'Idempotency-Mode': z.exactOptional(z.literal('replay')).meta({
          description:
            '`PLACE_ORDER`: with a used key and the same payload, repeats the first 200.',
        }),
      }),
      responses: {
        200: {
          description: 'The order is accepted or valid, or its cancellation is requested.',
          schema: z.union([
            successBody(z.object({ order: z.object({ id: z.uuid() }) })),
            successBody(orderValidation),
            successBody(z.object({ order: orderView })),
          ]),
          headers: z.object({
            'Idempotency-Replayed': z.exactOptional(z.literal('true')),
          }),
        },
        404: NOT_FOUND,
        409: CONFLICT,
      },
    },
    async handle(call) {
      switch (call.body.action) {
        case 'PLACE_ORDER':
          return await place({ ...call, body: call.body });
        case 'VALIDATE_ORDER':
          return await validate({ ...call, body: call.body });
        case 'CANCEL_ORDER':
          return await cancel({ ...call, body: call.body });
      }
    },
  });
}

function auditOf(body: unknown): string {
  const action = typeof body === 'object' && body !== null && 'action' in body ? body.action : '';
  if (action === 'CANCEL_ORDER') return 'ORDER_CANCEL_REQUESTED';
  return action === 'VALIDATE_ORDER' ? 'ORDER_VALIDATED' : 'ORDER_PLACED';
}

function parseCaseAction(body: unknown, request: FastifyRequest): Parsed<CaseAction> {
  const keys = keyHeadersOf(request);
  const action = typeof body === 'object' && body !== null && 'action' in body ? body.action : '';
  switch (action) {
    case 'CANCEL_ORDER': {
      // A cancellation needs no key, but a client may send one with every POST.
      const header = parseKeyHeader(keys);
      return header.ok ? parseCancelOrder(body) : header;
    }
    case 'VALIDATE_ORDER':
      return parseValidateOrder(body, keys);
    default:
      return parsePlaceOrder(body, keys);
  }
}
