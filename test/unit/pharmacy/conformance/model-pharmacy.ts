import { createHash, randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { type FakePharmacy, json, startFakePharmacy } from '../fake-pharmacy.ts';

export const TOKEN = 'the-token-of-the-pharmacy';
const PDF = Buffer.from('%PDF-1.4\nsynthetic\n%%EOF\n');

/** How a model pharmacy deviates from the protocol. Every field has its conforming value by default. */
export interface Faults {
  /** Accepts every token. */
  openToAll?: boolean;
  /** Statuses of all answers to authorized calls, by route: `place`, `find`, `read`, `cancel`, `download`. */
  status?: Partial<Record<Route, number>>;
  /** Answers an unknown reference with the newest order. */
  findsAnything?: boolean;
  /** Creates a second order for a repeated POST. */
  createsTwice?: boolean;
  /** Refuses every new order. */
  refusal?: { code: string; message: string };
  /** Creates the order, and answers its first POST with 503. */
  losesAnswer?: boolean;
  /** Answers the first POST of a reference with 409. */
  conflictsAtOnce?: boolean;
  /** Does not find an order by its reference. */
  forgetsReference?: boolean;
  /** The status of orders after their acceptance. */
  end?: 'accepted' | 'completed' | 'rejected';
  reason?: string;
  /** Changes to the document's description. */
  document?: Record<string, unknown>;
  bytes?: Buffer;
  contentType?: string;
  /** How many reads show no documents first. */
  lateDocuments?: number;
  /** How many downloads are answered with 404 first. */
  lateBytes?: number;
  /** Answers a cancellation with 200 and does nothing. */
  pretendsToCancel?: boolean;
  /** Cancels a completed order, too. */
  cancelsTheCompleted?: boolean;
  /** Answers a cancellation with 202. */
  decidesLater?: boolean;
}

type Route = 'place' | 'find' | 'read' | 'cancel' | 'download';

interface ModelOrder {
  id: string;
  reference: string;
  status: string;
}

/** Starts a pharmacy that follows the protocol but for its faults. */
export async function startModelPharmacy(faults: Faults): Promise<FakePharmacy> {
  const orders: ModelOrder[] = [];
  let { lateDocuments = 0, lateBytes = 0 } = faults;
  const pharmacy = await startFakePharmacy();

  const view = (order: ModelOrder) => {
    const { bytes = PDF, reason } = faults;
    const isDone = order.status === 'completed' && lateDocuments <= 0;
    const document = {
      id: 'doc-1',
      name: 'prescription.pdf',
      contentType: 'application/pdf',
      size: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      url: `${pharmacy.url}/orders/${order.id}/document`,
      ...faults.document,
    };
    return { ...order, reason, documents: isDone ? [document] : [] };
  };
  const create = (reference: string) => {
    const order = { id: randomUUID(), reference, status: 'accepted' };
    orders.unshift(order);
    return order;
  };
  const unknown = json(404, { code: 'ORDER_UNKNOWN', message: 'no such order' });

  pharmacy.answer((response, request) => {
    const authorized = faults.openToAll || request.headers.authorization === `Bearer ${TOKEN}`;
    if (!authorized) return json(401, { code: 'UNAUTHORIZED' })(response, request);
    const url = new URL(request.url ?? '/', pharmacy.url);
    const [, , id, action] = url.pathname.split('/');
    const route = routeOf(request.method, id, action);
    const status = faults.status?.[route];
    if (status !== undefined) return json(status, {})(response, request);
    if (route === 'place') return place(response, JSON.parse(request.body) as ModelOrder);
    const reference = url.searchParams.get('reference');
    const order = orders.find((each) => each.id === id || each.reference === reference);
    if (route === 'find' && faults.findsAnything) {
      const any = order ?? orders[0] ?? create('another');
      return json(200, { ...view(any), reference })(response, request);
    }
    if (order === undefined || (route === 'find' && faults.forgetsReference)) {
      return unknown(response, request);
    }
    if (route === 'download') return download(response);
    if (route === 'cancel') return cancel(response, order);
    const { end = 'completed' } = faults;
    if (route === 'read' && order.status === 'accepted') order.status = end;
    else if (order.status === 'completed') lateDocuments -= 1;
    json(200, view(order))(response, request);
  });

  function place(response: ServerResponse, { reference }: ModelOrder): void {
    const send = (status: number, body: unknown) =>
      response.writeHead(status).end(JSON.stringify(body));
    if (faults.refusal !== undefined) return void send(422, faults.refusal);
    if (faults.conflictsAtOnce) return void send(409, { reference });
    const existing = orders.find((each) => each.reference === reference);
    if (faults.losesAnswer && existing === undefined) {
      create(reference);
      return void send(503, {});
    }
    if (existing === undefined || faults.createsTwice)
      return void send(201, view(create(reference)));
    send(409, view(existing));
  }

  function cancel(response: ServerResponse, order: ModelOrder): void {
    const { pretendsToCancel, cancelsTheCompleted, decidesLater } = faults;
    const isOver = order.status === 'completed' && !cancelsTheCompleted;
    if (isOver || pretendsToCancel || decidesLater) {
      const status = decidesLater ? 202 : pretendsToCancel ? 200 : 409;
      return void response.writeHead(status).end(JSON.stringify(view(order)));
    }
    order.status = 'cancelled';
    response.writeHead(200).end(JSON.stringify(view(order)));
  }

  function download(response: ServerResponse): void {
    lateBytes -= 1;
    if (lateBytes >= 0) return void response.writeHead(404).end();
    const { contentType = 'application/pdf', bytes = PDF } = faults;
    response.writeHead(200, { 'content-type': contentType }).end(bytes);
  }

  return pharmacy;
}

function routeOf(method = 'GET', id: string | undefined, action: string | undefined): Route {
  if (id === undefined) return method === 'POST' ? 'place' : 'find';
  if (action === 'cancel') return 'cancel';
  return action === 'document' ? 'download' : 'read';
}
