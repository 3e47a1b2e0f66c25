import type { PrescriptionOrder } from '../../../src/contract/place-order.ts';
import { IdempotencyConflictError } from './http-client-errors.ts';
import { casePath, idsInLocation } from './paths.ts';
import { isConflict, isRecord, readData } from './read-answer.ts';
import type { Send } from './send.ts';

/** What a placement may be given. */
export interface PlaceOrderOptions {
  /**
   * Names what the order is for (1 to 255 printable ASCII characters), so that a later call, after
   * a crash for example, cannot place it twice. Without one the client makes a random key: that
   * protects this call with all its attempts, and no call after it. Errors carry it.
   */
  readonly idempotencyKey?: string | undefined;
  /** Ends the call at once; the order may be placed all the same. */
  readonly signal?: AbortSignal | undefined;
}

/** An order that is placed: the server keeps it. */
export interface PlacedOrder {
  readonly orderId: string;
  /** The one that was given, or that the client made. */
  readonly idempotencyKey: string;
  /**
   * True when the answer of an earlier attempt of this call was lost and the server named the order
   * that holds the key. There is one order, as always.
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
    // Repeating is harmless because of the key, which is the same at each attempt.
    stores: true,
    signal,
    idempotencyKey,
  });
  if (isConflict(reply, 'IDEMPOTENCY_ERROR')) {
    const match = reply.answer.headers.get('idempotency-match');
    const existing =
      match === 'same' ? idsInLocation(reply.answer.headers.get('location')) : undefined;
    // The key was free before our lost attempt, or it was not and the order is equal: either way
    // this is the order that the caller asked for.
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
