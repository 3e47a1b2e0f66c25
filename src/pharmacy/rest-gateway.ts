import { z } from 'zod';
import type { PharmacyGateway, PharmacyOrder } from './gateway.ts';
import { asPharmacyError, createHttpCalls, httpFault, type PharmacyCall } from './http-calls.ts';
import {
  OrderRefusedError,
  PharmacyFaultError,
  PharmacyUnavailableError,
} from './pharmacy-errors.ts';

/** Postgres stores no NUL: an id with one is invalid; from other texts it is removed. */
const idSchema = z.string().regex(/^[^\0]{1,255}$/);
const textSchema = z.string().transform((text) => text.replaceAll('\0', ''));

const documentSchema = z.object({
  id: idSchema,
  name: textSchema.pipe(z.string().min(1).max(1_000)),
  contentType: textSchema.pipe(z.string().min(1).max(255)),
  size: z.number().int().nonnegative(),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/i)
    .toLowerCase(),
  url: z.string().min(1),
});

const orderSchema = z.object({
  id: idSchema,
  reference: z.string(),
  status: z.enum(['accepted', 'in_progress', 'completed', 'rejected', 'cancelled']),
  reason: textSchema.nullish().transform((reason) => reason ?? undefined),
  documents: z
    .array(documentSchema)
    .nullish()
    .transform((documents) => documents ?? []),
});

/** A pharmacy's code appears in logs and in the Temporal UI, so its format is restricted. */
const refusalSchema = z.object({
  code: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{1,64}$/)
    .catch('ORDER_REFUSED'),
  message: textSchema.pipe(z.string().max(2_000)).optional().catch(undefined),
});

/**
 * Creates the gateway to a pharmacy that speaks the `rest` protocol (pharmacy contract, "What a pharmacy
 * offers").
 *
 * @param options.baseUrl `{base}` of that table.
 * @param options.token the bearer token; sent to that origin only.
 * @param options.timeoutMs see {@link createHttpCalls}.
 */
export function createRestGateway(options: {
  baseUrl: string;
  token: string;
  timeoutMs: number;
}): PharmacyGateway {
  const base = options.baseUrl.replace(/\/+$/, '');

  const http = createHttpCalls(options.timeoutMs);
  const authorization = `Bearer ${options.token}`;

  function call(url: string, request: PharmacyCall, signal: AbortSignal): Promise<Response> {
    const headers = { accept: 'application/json', ...request.headers, authorization };
    return http.call(url, { ...request, headers }, signal);
  }

  async function readOrder(response: Response): Promise<PharmacyOrder> {
    try {
      return orderSchema.parse(await response.json());
    } catch (error) {
      if (error instanceof z.ZodError || error instanceof SyntaxError) {
        // The answer is not kept: it may contain patient data.
        throw new PharmacyUnavailableError('PHARMACY_BAD_ANSWER');
      }
      throw asPharmacyError(error);
    }
  }

  /** Reads an order and checks its reference: another order's documents belong to another patient. */
  async function readOrderOf(reference: string, response: Response): Promise<PharmacyOrder> {
    const order = await readOrder(response);
    if (order.reference !== reference) throw new PharmacyFaultError('PHARMACY_OTHER_REFERENCE');
    return order;
  }

  return {
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
      if (response.status === 201 || response.status === 200) {
        return await readOrderOf(reference, response);
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
      return await readOrderOf(reference, response);
    },

    async get(pharmacyOrderId, signal) {
      const url = `${base}/orders/${encodeURIComponent(pharmacyOrderId)}`;
      const response = await call(url, {}, signal);
      if (response.status !== 200) throw await httpFault(response);
      const order = await readOrder(response);
      if (order.id !== pharmacyOrderId) throw new PharmacyFaultError('PHARMACY_OTHER_ORDER');
      return order;
    },

    async cancel(pharmacyOrderId, signal) {
      const url = `${base}/orders/${encodeURIComponent(pharmacyOrderId)}/cancel`;
      const response = await call(url, { method: 'POST' }, signal);
      if (response.status !== 200 && response.status !== 409) throw await httpFault(response);
      await response.body?.cancel();
      return response.status === 200 ? 'cancelled' : 'too-late';
    },

    async download(document, signal) {
      const url = documentUrl(document.url, `${base}/`);
      return await http.download(url, { headers: { accept: '*/*', authorization } }, signal);
    },
  };
}

/** Checks a document's URL: it must be on the pharmacy's origin, because the request carries the token. */
function documentUrl(text: string, base: string): string {
  if (!URL.canParse(text, base)) throw new PharmacyFaultError('DOCUMENT_URL_MALFORMED');
  const url = new URL(text, base);
  if (url.origin !== new URL(base).origin) throw new PharmacyFaultError('DOCUMENT_URL_FOREIGN');
  return url.href;
}

async function readRefusal(response: Response): Promise<OrderRefusedError> {
  const body: unknown = await response.json().catch(() => ({}));
  const refusal = refusalSchema.safeParse(body);
  return refusal.success
    ? new OrderRefusedError(refusal.data.code, refusal.data.message)
    : new OrderRefusedError('ORDER_REFUSED', undefined);
}
