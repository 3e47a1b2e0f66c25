import type { OrderView } from '../../../src/contract/order.ts';
import { OrderNotCancellableError } from './http-client-errors.ts';
import { casePath } from './paths.ts';
import { isConflict, readData } from './read-answer.ts';
import { orderIn, readOrder } from './read-order.ts';
import type { Send } from './send.ts';

/** Asks for a cancellation; see `HttpClient.cancelOrder`. */
export async function cancelOrder(
  send: Send,
  order: { readonly caseId: string; readonly orderId: string },
  {
    reason,
    signal,
  }: { readonly reason?: string | undefined; readonly signal?: AbortSignal | undefined },
): Promise<OrderView> {
  const { caseId, orderId } = order;
  const reply = await send({
    method: 'POST',
    path: casePath(caseId),
    body: { action: 'CANCEL_ORDER', orderId, reason },
    // Repeating is harmless: an order that is cancelled cannot be cancelled again.
    stores: true,
    signal,
  });
  if (isConflict(reply, 'ORDER_NOT_CANCELLABLE')) {
    // Ended, perhaps by our own attempt whose answer was lost.
    const now = reply.lostBefore ? await readOrder(send, order, signal) : undefined;
    if (now?.status === 'CANCELLED') return now;
    throw new OrderNotCancellableError({ ...reply.facts, outcomeUnknown: false });
  }
  return readData(reply, orderIn);
}
