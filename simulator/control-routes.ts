import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { problem, send } from './answer.ts';
import { BEHAVIOURS, behaviourPatchSchema, isPharmacy } from './behaviours.ts';
import type { Courier } from './courier.ts';
import type { Credentials } from './credentials.ts';
import type { Ledger } from './ledger.ts';
import type { Log } from './log.ts';
import type { Order } from './order.ts';
import { type OrderBook, OrderEndedError } from './order-book.ts';

const stepSchema = z.object({
  to: z.enum(['in_progress', 'completed', 'rejected', 'cancelled', 'tracking']),
  reason: z.string().max(2_000).optional(),
  late: z.boolean().optional(),
  trackingId: z.string().min(1).max(255).optional(),
  carrier: z.string().min(1).max(255).optional(),
  trackingUrl: z.url().max(2_000).optional(),
});

const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/;

/**
 * The control API, for calls from this machine only. A real pharmacy has no such API. `GET /pharmacies`
 * returns the secrets, so that the sandbox can register the pharmacies.
 *
 * @param scope the server's routes below `/control`.
 */
export function addControlRoutes(
  scope: FastifyInstance,
  options: {
    ledger: Ledger;
    orderBook: OrderBook;
    courier: Courier;
    credentials: ReadonlyMap<string, Credentials>;
    log: Log;
  },
): void {
  const { ledger, orderBook, courier, credentials, log } = options;

  scope.addHook('onRequest', async (request, reply) => {
    if (LOOPBACK.test(request.socket.remoteAddress ?? '')) return;
    return send(reply, problem(403, 'LOOPBACK_ONLY', 'The control API serves this machine only.'));
  });

  scope.get('/ledger', async () => {
    await ledger.flushed();
    return { orders: ledger.orders().map(entry) };
  });

  scope.get('/pharmacies', async (request) => ({
    pharmacies: [...credentials].map(([id, { token, webhookSecret }]) => ({
      id,
      baseUrl: `${request.protocol}://${request.host}/pharmacies/${id}`,
      token,
      webhookSecret,
    })),
  }));

  scope.post<{ Params: { id: string } }>('/pharmacies/:id', async (request, reply) => {
    const { id } = request.params;
    if (!isPharmacy(id)) {
      const known = Object.keys(BEHAVIOURS).join(', ');
      return send(reply, problem(404, 'PHARMACY_UNKNOWN', `The pharmacies are ${known}.`));
    }
    const patch = behaviourPatchSchema.safeParse(request.body ?? {});
    if (!patch.success) return send(reply, invalid(patch.error));
    await ledger.record({ event: 'configured', pharmacyId: id, patch: patch.data });
    log.info('pharmacy changed', { pharmacyId: id });
    return { pharmacy: { id, ...ledger.behaviour(id) } };
  });

  scope.post<{ Params: { reference: string } }>(
    '/orders/:reference/advance',
    async (request, reply) => {
      const { reference } = request.params;
      const order = ledger.orders().findLast((each) => each.reference === reference);
      if (order === undefined) {
        return send(reply, problem(404, 'ORDER_UNKNOWN', 'No pharmacy has such an order.'));
      }
      const step = stepSchema.safeParse(request.body);
      if (!step.success) return send(reply, invalid(step.error));
      try {
        const { order: advanced } = orderBook.advance(order.id, step.data);
        await ledger.flushed();
        return { order: entry(advanced) };
      } catch (error) {
        if (!(error instanceof OrderEndedError)) throw error;
        return send(reply, problem(409, 'ORDER_ENDED', `The order has ended: ${error.message}.`));
      }
    },
  );

  scope.post('/reset', async () => {
    orderBook.stop();
    courier.stop();
    await ledger.record({ event: 'reset' });
    log.info('reset');
    return { orders: [] };
  });

  function entry({ pharmacyId, id, reference, status, createdAt, updatedAt }: Order): unknown {
    const asked = ledger.asked(pharmacyId, reference);
    return { pharmacyId, id, reference, status, asked, createdAt, updatedAt };
  }
}

function invalid(error: z.ZodError) {
  const faults = error.issues.map(({ path, message }) => [...path, message].join(': '));
  return problem(400, 'INVALID', faults.join('; '));
}
