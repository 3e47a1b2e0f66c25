import { z } from 'zod';
import type { ForeignAccess } from '../egress/destination.ts';
import { sameId } from '../lib/uuid.ts';
import { reason } from './answer-fields.ts';
import type { PharmacyGateway, PharmacyOrder } from './gateway.ts';
import { createHttpCalls, httpFault, type PharmacyCall, readJson } from './http-calls.ts';
import { createOpenDocument } from './open-document.ts';
import { OrderRefusedError, PharmacyAnswerError, PharmacyFaultError } from './pharmacy-errors.ts';
import { readRestOrder } from './rest-answers.ts';

const ANSWER_BYTES = 4 * 1024 * 1024;

/** A pharmacy's code appears in logs and in the Temporal UI, so its format is restricted. */
const refusal = z.object({
  code: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{1,64}$/)
    .catch('ORDER_REFUSED'),
  message: reason,
});

/**
 * Creates the gateway to a pharmacy that speaks the `rest` protocol (docs/pharmacy-protocol.md).
 *
 * @param options.baseUrl `{base}` of that document.
 * @param options.token the bearer token; sent to that origin only.
 * @param options.timeoutMs see {@link createHttpCalls}.
 * @param options.foreign how documents elsewhere are reached.
 */
export function createRestGateway(options: {
  baseUrl: string;
  token: string;
  timeoutMs: number;
  foreign: ForeignAccess;
}): PharmacyGateway {
  const { timeoutMs, foreign } = options;
  const base = options.baseUrl.replace(/\/+$/, '');
  const http = createHttpCalls(timeoutMs, foreign.lookup);
  const authorization = `Bearer ${options.token}`;
  const openDocument = createOpenDocument({
    ...{ base, http, foreign, timeoutMs },
    headers: { authorization },
  });

  function call(url: string, request: PharmacyCall, signal: AbortSignal): Promise<Response> {
    const headers = { accept: 'application/json', ...request.headers, authorization };
    return http.call(url, { ...request, headers }, signal);
  }

  /** Reads an order and checks its reference: another order's documents belong to another patient. */
  async function readOrderOf(reference: string, response: Response) {
    const order = readRestOrder(await readJson(response, ANSWER_BYTES), { reference });
    if (order?.reference !== undefined && !sameId(order.reference, reference)) {
      throw new PharmacyFaultError('PHARMACY_OTHER_REFERENCE');
    }
    return order;
  }

  function required(order: PharmacyOrder | undefined): PharmacyOrder {
    // An empty list.
    if (order === undefined) throw new PharmacyAnswerError('PHARMACY_BAD_ANSWER', 'id');
    return order;
  }

  return {
    hasReferences: true,

    async place({ reference, prescription, shippingAddress, patient }, signal) {
      const { pharmacyId: _, ...rest } = prescription;
      const response = await call(
        `${base}/orders`,
        {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'idempotency-key': reference },
          body: JSON.stringify({ reference, prescription: rest, shippingAddress, patient }),
        },
        signal,
      );
      if ([200, 201, 202].includes(response.status)) {
        // Without a reference the answer is still the answer to our own request.
        return required(await readOrderOf(reference, response));
      }
      if (response.status === 409) {
        await response.body?.cancel();
        return 'exists';
      }
      if (response.status === 422) throw await readRefusal(response);
      throw await httpFault(response);
    },

    async findByReference(reference, signal) {
      const url = `${base}/orders?reference=${encodeURIComponent(reference)}`;
      const response = await call(url, {}, signal);
      if (response.status === 404) {
        await response.body?.cancel();
        return undefined;
      }
      if (response.status !== 200) throw await httpFault(response);
      const order = await readOrderOf(reference, response);
      // A pharmacy that ignores the query would answer with any order.
      if (order !== undefined && order.reference === undefined) {
        throw new PharmacyAnswerError('PHARMACY_BAD_ANSWER', 'reference');
      }
      return order;
    },

    async get(pharmacyOrderId, signal) {
      const url = `${base}/orders/${encodeURIComponent(pharmacyOrderId)}`;
      const response = await call(url, {}, signal);
      if (response.status !== 200) throw await httpFault(response);
      const answer = await readJson(response, ANSWER_BYTES);
      const order = required(readRestOrder(answer, { id: pharmacyOrderId }));
      if (!sameId(order.id, pharmacyOrderId)) throw new PharmacyFaultError('PHARMACY_OTHER_ORDER');
      return order;
    },

    async cancel(pharmacyOrderId, signal) {
      const url = `${base}/orders/${encodeURIComponent(pharmacyOrderId)}/cancel`;
      const response = await call(url, { method: 'POST' }, signal);
      const outcome = CANCEL_OUTCOMES.get(response.status);
      if (outcome === undefined) throw await httpFault(response);
      await response.body?.cancel();
      return outcome;
    },

    download: ({ url }, signal) => openDocument(url, signal),
  };
}

const CANCEL_OUTCOMES: ReadonlyMap<number, 'cancelled' | 'pending' | 'too-late'> = new Map([
  [200, 'cancelled'],
  [204, 'cancelled'],
  [202, 'pending'],
  [409, 'too-late'],
] as const);

async function readRefusal(response: Response): Promise<OrderRefusedError> {
  const body = await readJson(response, ANSWER_BYTES).catch(() => ({}));
  const read = refusal.safeParse(body);
  return read.success
    ? new OrderRefusedError(read.data.code, read.data.message)
    : new OrderRefusedError('ORDER_REFUSED', undefined);
}
