import { success, successBody } from '../../contract/envelope.ts';
import { orderPage } from '../../contract/order.ts';
import { caseOrdersQuery, ordersQuery } from '../../contract/order-query.ts';
import { caseParams } from '../params.ts';
import { defineRoute, type Route, type RouteDependencies } from '../route.ts';

const page = { description: 'One page, the newest order first.', schema: successBody(orderPage) };

/** `GET /api/v1/orders`: the organization's orders. */
export function listOrders({ orders }: RouteDependencies): Route {
  return defineRoute({
    method: 'GET',
    url: '/api/v1/orders',
    auth: 'orders:read',
    audit: 'ORDERS_LISTED',
    query: ordersQuery,
    doc: {
      operationId: 'listOrders',
      tag: 'Orders',
      summary: 'List the organization’s orders',
      responses: { 200: page },
    },
    handle: async ({ organizationId, query }) =>
      success('Orders', await orders.list({ organizationId }, query)),
  });
}

/** `GET /api/v1/cases/:caseId/orders`: the orders of a case. */
export function listOrdersOfCase({ orders }: RouteDependencies): Route {
  return defineRoute({
    method: 'GET',
    url: '/api/v1/cases/:caseId/orders',
    auth: 'orders:read',
    audit: 'ORDERS_LISTED',
    params: caseParams,
    query: caseOrdersQuery,
    doc: {
      operationId: 'listOrdersOfCase',
      tag: 'Orders',
      summary: 'List the orders of a case',
      responses: { 200: page },
    },
    handle: async ({ organizationId, params, query }) =>
      success('Orders', await orders.list({ organizationId, caseId: params.caseId }, query)),
  });
}
