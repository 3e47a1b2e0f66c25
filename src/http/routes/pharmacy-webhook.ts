import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { success, successBody } from '../../contract/envelope.ts';
import { SUCCEEDED } from '../../pharmacy/pharmacy-activity.ts';
import type { RawWebhook } from '../../pharmacy/webhook-auth.ts';
import { InvalidBodyError, UnauthorizedError } from '../errors/http-errors.ts';
import { defineRoute, type Route, type RouteDependencies } from '../route.ts';

/** The code of an authentic webhook that cannot be read. */
const UNREADABLE = 'BODY_UNREADABLE';

const params = z.object({ pharmacyId: z.string() });

/**
 * `POST /webhooks/pharmacies/:pharmacyId`: receives a pharmacy's message about an order and responds
 * with 202 once it is stored. A webhook with a bad signature and one for an unknown pharmacy get the
 * same 401.
 *
 * A signature of Standard Webhooks is checked however many webhooks from the address were forged: its
 * secret is random, so nobody guesses it, and a forger must not block the pharmacy. Another secret may have
 * been chosen by a person. After too many failures it is not checked (429), unless the sender is known.
 */
export function pharmacyWebhook(dependencies: RouteDependencies): Route {
  const { orders, pharmacies, pharmacyActivity, webhookAttempts, metrics } = dependencies;
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
      summary: 'A pharmacy reports on an order',
      // The document describes it under `webhooks`, because no client calls it.
      listed: false,
      responses: {
        202: { description: 'The message is stored.', schema: successBody(z.object({}), 202) },
      },
    },
    async handle({ params: { pharmacyId }, request, reply }) {
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      const webhook: RawWebhook = { headers: headersAsSent(request.raw), body };
      const pharmacy = await pharmacies.find(pharmacyId);
      const note = (code: string) => pharmacyActivity.note(pharmacyId, 'webhook', code);
      const source = {
        address: request.ip,
        pharmacyId,
        credential: request.headers.authorization,
      };
      if (pharmacy?.hasRandomSecret !== true) webhookAttempts.admit(source);
      if (!pharmacy?.isAuthentic(webhook)) {
        metrics.countWebhook(pharmacy?.id, 'unverified');
        if (pharmacy !== undefined) note(pharmacy.explainRefusal(webhook));
        webhookAttempts.failed(source);
        throw new UnauthorizedError();
      }
      webhookAttempts.succeeded(source);
      metrics.countWebhook(pharmacyId, 'authentic');
      const message = pharmacy.readMessage(webhook);
      note('unreadable' in message ? UNREADABLE : SUCCEEDED);
      if ('unreadable' in message) {
        throw new InvalidBodyError(`${message.unreadable} is missing or cannot be read`);
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

/** The headers as sent. Node's `headers` joins or drops repeated ones, which a signature must not rely on. */
function headersAsSent({ headersDistinct }: IncomingMessage): RawWebhook['headers'] {
  return Object.fromEntries(
    Object.entries(headersDistinct).map(([name, values = []]) => [
      name,
      values.length === 1 ? values[0] : values,
    ]),
  );
}
