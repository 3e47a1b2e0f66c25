import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { problem, send } from './answer.ts';
import { BEHAVIOURS, behaviourPatchSchema, isPharmacy } from './behaviours.ts';
import type { Courier } from './courier.ts';
import type { Credentials } from './credentials.ts';
import type { Documents } from './documents.ts';
import type { Ledger } from './ledger.ts';
import type { Log } from './log.ts';
import { isPending, OFFERS, type Order } from './order.ts';
import { type OrderBook, StepImpossibleError } from './order-book.ts';
import { sameText } from './same-text.ts';
import { within } from './state.ts';

const stepSchema = z.object({
  to: z.enum(['in_progress', 'completed', 'rejected', 'cancelled', 'tracking', 'documents']),
  reason: z.string().max(2_000).optional(),
  late: z.boolean().optional(),
  offers: z.enum(OFFERS).optional(),
  trackingId: z.string().min(1).max(255).optional(),
  carrier: z.string().min(1).max(255).optional(),
  trackingUrl: z.url().max(2_000).optional(),
});

const UNKNOWN_ORDER = problem(404, 'ORDER_UNKNOWN', 'No pharmacy has such an order.');
const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/;

/**
 * The control API, for calls from this machine and with its token. A real pharmacy has no such API.
 * `GET /pharmacies` returns the secrets, so that the sandbox can register the pharmacies.
 *
 * @param scope the server's routes below `/control`.
 * @param options.controlToken the bearer token for callers elsewhere; undefined: there are none. A call from
 *   the host to a container comes from another address.
 */
export function addControlRoutes(
  scope: FastifyInstance,
  options: {
    ledger: Ledger;
    orderBook: OrderBook;
    documents: Documents;
    courier: Courier;
    credentials: ReadonlyMap<string, Credentials>;
    controlToken: string | undefined;
    log: Log;
  },
): void {
  const { ledger, orderBook, documents, courier, credentials, controlToken, log } = options;
  const newest = (reference: string) =>
    ledger.orders().findLast((order) => order.reference === reference);

  scope.addHook('onRequest', async (request, reply) => {
    if (LOOPBACK.test(request.socket.remoteAddress ?? '')) return;
    const given = request.headers.authorization ?? '';
    if (controlToken !== undefined && sameText(given, `Bearer ${controlToken}`)) return;
    return send(reply, problem(403, 'LOOPBACK_ONLY', 'The control API serves this machine only.'));
  });

  scope.get('/ledger', async () => {
    await ledger.flushed();
    const webhooks = new Map<string, number>();
    for (const { pharmacyId, reference } of ledger.deliveries()) {
      const order = within(pharmacyId, reference);
      webhooks.set(order, (webhooks.get(order) ?? 0) + 1);
    }
    return {
      orders: ledger.orders().map((order) => ({
        ...entry(order),
        trackingId: order.tracking?.trackingId,
        pending:
          order.plan.filter((step) => isPending(order, step)).length +
          (webhooks.get(within(order.pharmacyId, order.reference)) ?? 0),
      })),
    };
  });

  scope.get<{ Params: { reference: string } }>(
    '/orders/:reference/documents',
    async (request, reply) => {
      const order = newest(request.params.reference);
      if (order === undefined) return send(reply, UNKNOWN_ORDER);
      const all = await documents.of(order);
      return { documents: all.map(({ id, state, sha256 }) => ({ id, state, sha256 })) };
    },
  );

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
      const order = newest(request.params.reference);
      if (order === undefined) return send(reply, UNKNOWN_ORDER);
      const step = stepSchema.safeParse(request.body);
      if (!step.success) return send(reply, invalid(step.error));
      try {
        const { order: advanced } = orderBook.advance(order.id, step.data);
        await ledger.flushed();
        return { order: entry(advanced) };
      } catch (error) {
        if (!(error instanceof StepImpossibleError)) throw error;
        return send(reply, problem(409, 'STEP_IMPOSSIBLE', `Not possible: ${error.message}.`));
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

  function entry({ pharmacyId, id, reference, status, createdAt, updatedAt }: Order): object {
    const asked = ledger.asked(pharmacyId, reference);
    return { pharmacyId, id, reference, status, asked, createdAt, updatedAt };
  }
}

function invalid(error: z.ZodError) {
  const faults = error.issues.map(({ path, message }) => [...path, message].join(': '));
  return problem(400, 'INVALID', faults.join('; '));
}
