import { OrderNotCancellableError } from './http-client-errors.ts';
import { casePath } from './paths.ts';
import { isConflict, readData } from './read-answer.ts';
import { orderIn, readOrder } from './read-order.ts';
import type { Send } from './send.ts';
import type { OrderView } from './types.ts';

/** Requests a cancellation; see `HttpClient.cancelOrder`. */
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
    // A retry is harmless: a cancelled order cannot be cancelled again.
    stores: true,
    signal,
  });
  if (isConflict(reply, 'ORDER_NOT_CANCELLABLE')) {
    // The order has ended. An earlier attempt whose answer was lost may have cancelled it.
    const now = reply.lostBefore ? await readOrder(send, order, signal) : undefined;
    if (now?.status === 'CANCELLED') return now;
    throw new OrderNotCancellableError({ ...reply.facts, outcomeUnknown: false });
  }
  return readData(reply, orderIn);
}
