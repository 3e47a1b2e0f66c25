import { createHash, timingSafeEqual } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type Answer, json, problem, send } from './answer.ts';
import type { Documents } from './documents.ts';
import type { Faults } from './faults.ts';
import type { Ledger } from './ledger.ts';
import type { Log } from './log.ts';
import { hasEnded, type Order } from './order.ts';
import type { OrderBook } from './order-book.ts';

/** A parsed call: its order, and the work to do. */
interface Call {
  readonly reference: string;
  readonly run: () => Promise<Answer>;
}

/** A route: parses a request into a call, or returns the answer to an invalid request. */
type Route = (request: FastifyRequest) => Call | Answer;

/** How long the answer to a POST waits for a webhook that must arrive first. */
const WEBHOOK_FIRST_MS = 2_000;

const UNKNOWN_ORDER = problem(404, 'ORDER_UNKNOWN', 'The pharmacy has no such order.');
const UNAUTHORIZED = problem(401, 'UNAUTHORIZED', 'The bearer token is not the pharmacy’s.', {
  'www-authenticate': 'Bearer',
});
const NO_REFERENCE = problem(400, 'REFERENCE_REQUIRED', 'reference is required.');

const placedSchema = z.object({ reference: z.string().min(1).max(255) });

/**
 * The API of one pharmacy.
 *
 * @param scope the server's routes below the pharmacy's base URL.
 * @param options.token the bearer token of the pharmacy's clients.
 */
export function addPharmacyRoutes(
  scope: FastifyInstance,
  options: {
    pharmacyId: string;
    token: string;
    ledger: Ledger;
    orderBook: OrderBook;
    documents: Documents;
    faults: Faults;
    log: Log;
  },
): void {
  const { pharmacyId, token, ledger, orderBook, documents, faults, log } = options;
  const behaviour = () => ledger.behaviour(pharmacyId);

  scope.addHook('onRequest', async (request, reply) => {
    if (!behaviour().up) return send(reply, { kind: 'reset' });
    if (!sameText(request.headers.authorization ?? '', `Bearer ${token}`)) {
      return send(reply, UNAUTHORIZED);
    }
  });

  scope.post('/orders', answering(place));
  scope.get('/orders', answering(find));
  scope.get('/orders/:id', answering(read));
  scope.post('/orders/:id/cancel', answering(cancel));
  scope.get('/orders/:id/documents/:documentId', answering(download));

  function answering(route: Route) {
    return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      const asked = route(request);
      const answer = 'run' in asked ? await carryOut(asked) : asked;
      // No answer may report a step that a crash could still undo.
      await ledger.flushed();
      return send(reply, answer);
    };
  }

  async function carryOut({ reference, run }: Call): Promise<Answer> {
    const fault = faults.draw(reference, behaviour());
    if (fault === undefined) return await run();
    const code = fault.answer.kind === 'json' ? String(fault.answer.status) : fault.answer.kind;
    log.info('call made to fail', { pharmacyId, reference, code });
    if (fault.executes) await run();
    return fault.answer;
  }

  function place(request: FastifyRequest): Call | Answer {
    const placed = placedSchema.safeParse(request.body);
    if (!placed.success) return NO_REFERENCE;
    const { reference } = placed.data;
    const idempotencyKey = String(request.headers['idempotency-key'] ?? reference);
    void ledger.record({ event: 'asked', pharmacyId, reference });
    return { reference, run: () => accept(reference, idempotencyKey, request.body) };
  }

  async function accept(reference: string, idempotencyKey: string, body: unknown): Promise<Answer> {
    const existing =
      ledger.orderByReference(pharmacyId, reference) ??
      ledger.orderByKey(pharmacyId, idempotencyKey);
    if (existing !== undefined) return json(409, summary(existing));
    const { refusal, dropsFirstAnswer, endsBeforeAnswer, outcome } = behaviour();
    if (refusal !== null) {
      log.info('order refused', { pharmacyId, reference, code: refusal.code });
      return json(422, refusal);
    }
    const order = orderBook.create({ pharmacyId, reference, idempotencyKey, body });
    if (endsBeforeAnswer && outcome !== null) {
      const { notified } = orderBook.advance(order.id, { to: outcome });
      await Promise.race([notified, sleep(WEBHOOK_FIRST_MS, undefined, { ref: false })]);
    } else {
      orderBook.begin(order);
    }
    return dropsFirstAnswer ? { kind: 'reset' } : json(201, summary(order));
  }

  function find(request: FastifyRequest): Call | Answer {
    const { reference } = request.query as { reference?: string | string[] };
    if (typeof reference !== 'string') return NO_REFERENCE;
    return {
      reference,
      run: async () => {
        const order = ledger.orderByReference(pharmacyId, reference);
        return order === undefined ? UNKNOWN_ORDER : json(200, await view(order, request));
      },
    };
  }

  function read(request: FastifyRequest): Call | Answer {
    return withOrder(request, async (order) => json(200, await view(order, request)));
  }

  function cancel(request: FastifyRequest): Call | Answer {
    return withOrder(request, async (order) => {
      // A retry after a lost answer gets the same answer.
      if (order.status === 'cancelled') return json(200, summary(order));
      if (hasEnded(order) || !behaviour().cancellable) return json(409, summary(order));
      return json(200, summary(orderBook.advance(order.id, { to: 'cancelled' }).order));
    });
  }

  function download(request: FastifyRequest): Call | Answer {
    return withOrder(request, async (order) => {
      const { documentId } = request.params as { documentId: string };
      const document = (await documents.of(order)).find(({ id }) => id === documentId);
      if (document === undefined) {
        return problem(404, 'DOCUMENT_UNKNOWN', 'The order has no such document.');
      }
      const bytes = documents.download(document, behaviour());
      return { kind: 'file', contentType: document.contentType, bytes };
    });
  }

  function withOrder(
    request: FastifyRequest,
    run: (order: Order) => Promise<Answer>,
  ): Call | Answer {
    const { id } = request.params as { id: string };
    const order = ledger.order(id);
    if (order?.pharmacyId !== pharmacyId) return UNKNOWN_ORDER;
    return { reference: order.reference, run: () => run(order) };
  }

  async function view(order: Order, request: FastifyRequest): Promise<unknown> {
    const base = `${request.protocol}://${request.host}${scope.prefix}/orders/${order.id}`;
    const offered = (await documents.of(order)).map(({ id, name, contentType, bytes, sha256 }) => ({
      id,
      name,
      contentType,
      size: bytes.length,
      sha256,
      url: `${base}/documents/${id}`,
    }));
    const { reason, tracking } = order;
    return { ...summary(order), reason, trackingId: tracking?.trackingId, documents: offered };
  }
}

function summary({ id, reference, status }: Order): Pick<Order, 'id' | 'reference' | 'status'> {
  return { id, reference, status };
}

/** Compares in constant time, for texts of any length. */
function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
