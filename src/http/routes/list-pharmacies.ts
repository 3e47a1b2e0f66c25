import { success, successBody } from '../../contract/envelope.ts';
import { pageQuery } from '../../contract/order-query.ts';
import { pharmacyPage } from '../../contract/pharmacy.ts';
import { defineRoute, type Route, type RouteDependencies } from '../route.ts';

/** `GET /api/v1/pharmacies`: the pharmacies where the organization can place orders. */
export function listPharmacies({ orders }: RouteDependencies): Route {
  return defineRoute({
    method: 'GET',
    url: '/api/v1/pharmacies',
    auth: 'orders:read',
    audit: { none: 'it reads no patient data and no secret' },
    query: pageQuery,
    doc: {
      operationId: 'listPharmacies',
      tag: 'Pharmacies',
      summary: 'List the pharmacies where the organization can place orders',
      responses: {
        200: { description: 'One page, by id.', schema: successBody(pharmacyPage) },
      },
    },
    handle: async ({ organizationId, query }) =>
      success('Pharmacies', await orders.pharmacies(organizationId, query)),
  });
}
