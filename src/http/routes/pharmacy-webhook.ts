import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { success, successBody } from '../../contract/envelope.ts';
import type { RawWebhook } from '../../pharmacy/webhook-auth.ts';
import { InvalidBodyError, UnauthorizedError } from '../errors/http-errors.ts';
import { defineRoute, type Route, type RouteDependencies } from '../route.ts';

const params = z.object({ pharmacyId: z.string() });

/**
 * `POST /webhooks/pharmacies/:pharmacyId`: a pharmacy tells of an order. 202 once it is stored; a
 * webhook that is not authentic and one for an unknown pharmacy are told apart by nothing. Each is looked
 * at however many were forged, so that no forger keeps a true one out; only the answer to forged ones changes.
 */
export function pharmacyWebhook({ orders, pharmacies, failedAttempts }: RouteDependencies): Route {
  return defineRoute({
    method: 'POST',
    url: '/webhooks/pharmacies/:pharmacyId',
    auth: 'none',
    audit: { none: 'a message is recorded in the transaction that stores it' },
    params,
    body: 'raw',
    doc: {
      operationId: 'pharmacyWebhook',
      tag: 'Pharmacies',
      summary: 'A pharmacy tells of an order',
      // It stands under `webhooks` of the document: no client calls it.
      listed: false,
      responses: { 202: { description: 'It is stored.', schema: successBody(z.object({}), 202) } },
    },
    async handle({ params: { pharmacyId }, request, reply }) {
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      const webhook: RawWebhook = { headers: headersAsSent(request.raw), body };
      const pharmacy = await pharmacies.find(pharmacyId);
      if (!pharmacy?.isAuthentic(webhook)) {
        failedAttempts.failed(request.ip);
        throw new UnauthorizedError();
      }
      const message = pharmacy.readMessage(webhook);
      if (message === undefined) {
        throw new InvalidBodyError('body must be a JSON object with type and data');
      }
      await orders.receive(pharmacyId, message, {
        actorKind: 'pharmacy',
        actor: pharmacyId,
        source: request.ip,
        requestId: request.id,
      });
      return reply.code(202).send(success('Accepted', {}, 202));
    },
  });
}

/** Node's own `headers` joins, or drops, what was sent twice; a proof must not rest on either. */
function headersAsSent({ headersDistinct }: IncomingMessage): RawWebhook['headers'] {
  return Object.fromEntries(
    Object.entries(headersDistinct).map(([name, values = []]) => [
      name,
      values.length === 1 ? values[0] : values,
    ]),
  );
}
