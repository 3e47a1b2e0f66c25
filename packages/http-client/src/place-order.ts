import { IdempotencyConflictError } from './http-client-errors.ts';
import { casePath, idsInLocation } from './paths.ts';
import { isConflict, isRecord, readData } from './read-answer.ts';
import type { Send } from './send.ts';
import type { PrescriptionOrder } from './types.ts';

/** Options of `HttpClient.placeOrder`. */
export interface PlaceOrderOptions {
  /**
   * Identifies what the order is for (1 to 255 printable ASCII characters), so that a later call, for
   * example after a crash, cannot place it twice. The default is a random key, which protects the
   * attempts of this call but no later call. Errors carry the key.
   */
  readonly idempotencyKey?: string | undefined;
  /** Ends the call immediately. The order may still be placed. */
  readonly signal?: AbortSignal | undefined;
}

/** An order that the server has stored. */
export interface PlacedOrder {
  readonly orderId: string;
  /** The key of the call, or the random one. */
  readonly idempotencyKey: string;
  /**
   * True when the answer of an earlier attempt was lost, and the server named the order that has the
   * key. There is still only one order.
   */
  readonly recovered: boolean;
}

/** Places an order; see `HttpClient.placeOrder`. */
export async function placeOrder(
  send: Send,
  caseId: string,
  order: PrescriptionOrder,
  { idempotencyKey = crypto.randomUUID(), signal }: PlaceOrderOptions,
): Promise<PlacedOrder> {
  const reply = await send({
    method: 'POST',
    path: casePath(caseId),
    body: { action: 'PLACE_ORDER', idempotencyKey, order },
    // A retry is harmless, because every attempt carries the same key.
    stores: true,
    signal,
    idempotencyKey,
  });
  if (isConflict(reply, 'IDEMPOTENCY_ERROR')) {
    const match = reply.answer.headers.get('idempotency-match');
    const existing =
      match === 'same' ? idsInLocation(reply.answer.headers.get('location')) : undefined;
    // Either the lost attempt placed this order, or an earlier call placed an equal one. Both are the
    // order that the caller wants.
    if (reply.lostBefore && existing?.caseId === caseId) {
      return { orderId: existing.orderId, idempotencyKey, recovered: true };
    }
    const ownRetry = reply.lostBefore && match !== 'different';
    throw new IdempotencyConflictError(
      { existing, ownRetry },
      { ...reply.facts, outcomeUnknown: ownRetry },
    );
  }
  const orderId = readData(reply, ({ order }) => idOf(order));
  return { orderId, idempotencyKey, recovered: false };
}

function idOf(order: unknown): string | undefined {
  const id = isRecord(order) ? order['id'] : undefined;
  return typeof id === 'string' && id !== '' ? id : undefined;
}
