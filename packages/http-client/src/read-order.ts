import { NotFoundError } from './http-client-errors.ts';
import { orderPath, rootPath } from './paths.ts';
import { invalidArgument, isRecord, readData } from './read-answer.ts';
import type { Send } from './send.ts';
import type { OrderView } from './types.ts';

/** Reads an order; see `HttpClient.getOrder`. */
export async function readOrder(
  send: Send,
  { caseId, orderId }: { readonly caseId: string; readonly orderId: string },
  signal: AbortSignal | undefined,
): Promise<OrderView> {
  const reply = await send({ method: 'GET', path: orderPath(caseId, orderId), signal });
  return readData(reply, orderIn);
}

/** Finds the order that has a key; see `HttpClient.findByIdempotencyKey`. */
export async function findByIdempotencyKey(
  send: Send,
  key: string,
  signal: AbortSignal | undefined,
): Promise<OrderView | undefined> {
  // HTTP strips spaces around a header's value, so such a key would find another order.
  if (!/^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/.test(key)) {
    throw invalidArgument(
      'idempotencyKey',
      'must be 1 to 255 printable ASCII characters, without spaces around them, to be looked up',
    );
  }
  const reply = await send({
    method: 'GET',
    path: rootPath('orders/by-idempotency-key'),
    headers: { 'idempotency-key': key },
    signal,
  });
  const { status, json } = reply.answer;
  if (status === 404) {
    // A server without this route also answers 404. To read that as "no order" could place a second one.
    if (isRecord(json) && json['error'] === 'order not found') return undefined;
    throw new NotFoundError(reply.facts);
  }
  return readData(reply, orderIn);
}

/** Reads the order from `data`. Only `id` is checked: the client trusts the server's own answers. */
export function orderIn({ order }: Record<string, unknown>): OrderView | undefined {
  return isRecord(order) && typeof order['id'] === 'string'
    ? (order as unknown as OrderView)
    : undefined;
}
