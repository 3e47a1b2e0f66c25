import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type Answer, json, problem, send } from './answer.ts';
import type { Documents } from './documents.ts';
import type { Faults } from './faults.ts';
import type { FileServer } from './file-server.ts';
import type { Ledger } from './ledger.ts';
import type { Log } from './log.ts';
import { looseJson, looseOrder, looseReceipt } from './loose-answers.ts';
import { hasEnded, type Order } from './order.ts';
import type { OrderBook } from './order-book.ts';
import { sameText } from './same-text.ts';

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
    files: FileServer;
    faults: Faults;
    log: Log;
  },
): void {
  const { pharmacyId, token, ledger, orderBook, documents, files, faults, log } = options;
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
    const { refusal, placementFaults, dropsFirstAnswer, endsBeforeAnswer, outcome } = behaviour();
    const status = placementFaults[ledger.asked(pharmacyId, reference) - 1];
    if (status !== undefined) return problem(status, 'COME_AGAIN', 'Send the order again.');
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
    return dropsFirstAnswer ? { kind: 'reset' } : receipt(201, order);
  }

  function find(request: FastifyRequest): Call | Answer {
    const { reference } = request.query as { reference?: string | string[] };
    if (typeof reference !== 'string') return NO_REFERENCE;
    return {
      reference,
      run: async () => {
        const order = ledger.orderByReference(pharmacyId, reference);
        const { loose } = behaviour();
        if (order === undefined) return loose ? json(200, []) : UNKNOWN_ORDER;
        const shown = await view(order, request);
        return json(200, loose ? looseJson({ results: [looseOrder(shown)] }) : shown);
      },
    };
  }

  function read(request: FastifyRequest): Call | Answer {
    return withOrder(request, async (order) => {
      const shown = await view(order, request);
      return json(200, behaviour().loose ? looseJson({ data: [looseOrder(shown)] }) : shown);
    });
  }

  function cancel(request: FastifyRequest): Call | Answer {
    return withOrder(request, async (order) => {
      // A retry after a lost answer gets the same answer.
      if (order.status === 'cancelled') return receipt(200, order);
      const { cancellable, cancelAfterMs } = behaviour();
      if (hasEnded(order) || !cancellable) return json(409, summary(order));
      if (cancelAfterMs === 0) {
        return receipt(200, orderBook.advance(order.id, { to: 'cancelled' }).order);
      }
      orderBook.cancelLater(order, cancelAfterMs);
      return receipt(202, order);
    });
  }

  function download(request: FastifyRequest): Call | Answer {
    return withOrder(request, async (order) => {
      const { documentId } = request.params as { documentId: string };
      if (behaviour().filesElsewhere) {
        return json(302, {}, { location: files.linkTo(order.id, documentId) });
      }
      return await documents.download(order, documentId, behaviour());
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

  /** The answer to a POST or a cancellation. */
  function receipt(status: 200 | 201 | 202, order: Order): Answer {
    return behaviour().loose ? json(202, looseReceipt(order)) : json(status, summary(order));
  }

  async function view(order: Order, request: FastifyRequest) {
    const base = `${request.protocol}://${request.host}${scope.prefix}/orders/${order.id}`;
    const all = await documents.of(order);
    const present = all.filter(({ state }) => state !== 'superseded');
    const offered = present.map(({ id, state, name, contentType, bytes, sha256 }, index) => {
      if (state === 'withdrawn') return { id, withdrawn: true };
      // One link is direct; the other one leads there by a redirect.
      const isDirect = behaviour().filesElsewhere && index > 0;
      const url = isDirect ? files.linkTo(order.id, id) : `${base}/documents/${id}`;
      return { id, name, contentType, size: bytes.length, sha256, url };
    });
    const { status, reason, tracking } = order;
    return {
      ...summary(order),
      // A reason belongs to a rejection or a cancellation, also to one that a completion contradicts later.
      reason: status === 'completed' ? undefined : reason,
      trackingId: tracking?.trackingId,
      documents: offered,
    };
  }
}

function summary({ id, reference, status }: Order): Pick<Order, 'id' | 'reference' | 'status'> {
  return { id, reference, status };
}
