import { success } from '../../contract/envelope.ts';
import type { RawWebhook } from '../../pharmacy/webhook-auth.ts';
import { InvalidBodyError, UnauthorizedError } from '../errors.ts';
import type { Route, RouteDependencies } from '../route.ts';

/**
 * `POST /webhooks/pharmacies/:pharmacyId`: a pharmacy tells of an order. 202 once it is stored; a
 * webhook that is not authentic and one for an unknown pharmacy are told apart by nothing.
 */
export function pharmacyWebhook({ orders, pharmacies }: RouteDependencies): Route {
  return {
    method: 'POST',
    url: '/webhooks/pharmacies/:pharmacyId',
    auth: 'none',
    body: 'raw',
    async handle(request, reply) {
      const { pharmacyId } = request.params as { pharmacyId: string };
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      const webhook: RawWebhook = { headers: request.headers, body };
      const pharmacy = await pharmacies.find(pharmacyId);
      if (!pharmacy?.isAuthentic(webhook)) throw new UnauthorizedError();
      const message = pharmacy.readMessage(webhook);
      if (message === undefined) {
        throw new InvalidBodyError('body must be a JSON object with type and data');
      }
      await orders.receive(pharmacyId, message);
      return reply.code(202).send(success('Accepted', {}, 202));
    },
  };
}
