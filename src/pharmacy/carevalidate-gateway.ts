import { z } from 'zod';
import {
  type CaseAttachment,
  caseDetailAnswer,
  orderAnswer,
  refusalAnswer,
  statusOf,
} from './carevalidate-answers.ts';
import { fromPharmacyOrderId, toPharmacyOrderId } from './carevalidate-ids.ts';
import type { PharmacyDocument, PharmacyGateway, PharmacyOrder } from './gateway.ts';
import { asPharmacyError, createHttpCalls, httpFault, type PharmacyCall } from './http-calls.ts';
import {
  OrderRefusedError,
  PharmacyFaultError,
  PharmacyUnavailableError,
} from './pharmacy-errors.ts';

const DATA_URL = /^data:[^,]*;base64,/;

/**
 * Creates the gateway to a server with the original order endpoint: the original service, or another instance
 * of this project (HTTP API, "The `carevalidate` gateway"). Cases and pharmacies have the same ids there.
 *
 * Our order id is the `idempotencyKey`, so the server accepts each order once. A 409 means that it already
 * has the order. The gateway then adopts the order in the answer's `Location` or, if the server sends
 * none, the only order of the case that none of our orders has. If that is ambiguous, the order needs
 * attention; it is never sent with another key.
 *
 * @param options.token the `cv-api-key`; sent to the base URL's origin only.
 * @param options.timeoutMs see {@link createHttpCalls}.
 * @param options.findTaken returns which of these pharmacy order ids our orders already have.
 */
export function createCareValidateGateway(options: {
  baseUrl: string;
  token: string;
  timeoutMs: number;
  findTaken: (pharmacyOrderIds: readonly string[]) => Promise<ReadonlySet<string>>;
}): PharmacyGateway {
  const base = options.baseUrl.replace(/\/+$/, '');
  const http = createHttpCalls(options.timeoutMs);

  function call(path: string, request: PharmacyCall, signal: AbortSignal): Promise<Response> {
    const headers = { accept: 'application/json', 'cv-api-key': options.token };
    const all = { ...headers, ...(request.body && { 'content-type': 'application/json' }) };
    return http.call(`${base}${path}`, { ...request, headers: all }, signal);
  }

  function act(caseId: string, body: object, signal: AbortSignal): Promise<Response> {
    const path = `/api/v1/cases/${encodeURIComponent(caseId)}`;
    return call(path, { method: 'POST', body: JSON.stringify(body) }, signal);
  }

  async function readCase(
    caseId: string,
    include: { readonly attachments: boolean },
    signal: AbortSignal,
  ) {
    const query = new URLSearchParams({
      caseId,
      includeOrders: 'true',
      ...(include.attachments ? { includeAttachments: 'true', documentFormat: 'base64' } : {}),
    });
    const response = await call(`/api/v1/customer-case-detail?${query.toString()}`, {}, signal);
    if (response.status !== 200) throw await httpFault(response);
    return (await readJson(response, caseDetailAnswer)).caseDetail;
  }

  /** Finds the order that a 409 is about. */
  async function adopt(response: Response, caseId: string, signal: AbortSignal) {
    await response.body?.cancel();
    const location = response.headers.get('location') ?? '';
    const named = /\/orders\/([^/?#]+)$/.exec(location)?.[1];
    if (named !== undefined) return decodeURIComponent(named);
    const { orders } = await readCase(caseId, { attachments: false }, signal);
    const ids = orders.map(({ id }) => toPharmacyOrderId({ caseId, orderId: id }));
    const taken = await options.findTaken(ids);
    const [free, ...others] = orders.filter((_, index) => !taken.has(ids[index] ?? ''));
    if (free === undefined || others.length > 0) {
      throw new PharmacyFaultError('PHARMACY_ADOPTION_UNCERTAIN');
    }
    return free.id;
  }

  return {
    async place({ reference, caseId, prescription, shippingAddress }, signal) {
      const order = { ...prescription, shippingAddress };
      const body = { action: 'PLACE_ORDER', idempotencyKey: reference, order };
      const response = await act(caseId, body, signal);
      const placed = (orderId: string): PharmacyOrder => ({
        id: toPharmacyOrderId({ caseId, orderId }),
        reference,
        status: 'accepted',
        documents: [],
      });
      if (response.status === 200) {
        return placed((await readJson(response, orderAnswer)).data.order.id);
      }
      if (response.status === 409) return placed(await adopt(response, caseId, signal));
      if (response.status === 400) {
        const { error } = await readJson(response, refusalAnswer);
        throw new OrderRefusedError('ORDER_REFUSED', error);
      }
      throw await httpFault(response);
    },

    // The protocol has no references. Only the probe calls this: reading a case with a random id shows
    // whether the server answers and accepts the key.
    async findByReference(reference, signal) {
      const query = new URLSearchParams({ caseId: reference });
      const response = await call(`/api/v1/customer-case-detail?${query.toString()}`, {}, signal);
      if (response.status !== 200 && response.status !== 403) throw await httpFault(response);
      await response.body?.cancel();
      return undefined;
    },

    async get(pharmacyOrderId, signal) {
      const { caseId, orderId } = fromPharmacyOrderId(pharmacyOrderId);
      // The documents' bytes are only requested once the order is completed.
      const open = await readCase(caseId, { attachments: false }, signal);
      const found = open.orders.find(({ id }) => id === orderId);
      if (found === undefined) throw new PharmacyFaultError('PHARMACY_ORDER_UNKNOWN');
      const status = statusOf(found.status);
      const detail =
        status === 'completed' ? await readCase(caseId, { attachments: true }, signal) : open;
      const documents = documentsOf(detail.attachments, orderId, detail.orders.length);
      return { id: pharmacyOrderId, reference: '', status, reason: found.message, documents };
    },

    async cancel(pharmacyOrderId, signal) {
      const { caseId, orderId } = fromPharmacyOrderId(pharmacyOrderId);
      const response = await act(caseId, { action: 'CANCEL_ORDER', orderId }, signal);
      // A server without CANCEL_ORDER answers 400.
      if (response.status === 409 || response.status === 400) {
        await response.body?.cancel();
        return 'too-late';
      }
      if (response.status !== 200) throw await httpFault(response);
      const { status } = (await readJson(response, orderAnswer)).data.order;
      if (status === 'CANCELLED') return 'cancelled';
      // It has to ask its own pharmacy: how that ends is seen at the next attempt.
      throw new PharmacyUnavailableError('PHARMACY_CANCELLATION_PENDING');
    },

    async download({ url }, signal) {
      const inline = DATA_URL.exec(url);
      if (inline !== null) return once(Buffer.from(url.slice(inline[0].length), 'base64'));
      // Its link is signed, mostly for a store elsewhere: the key stays here.
      return await http.download(linkOf(url, base), {}, signal);
    },
  };
}

/** The documents of an order. In a case with several orders, each document must name its order. */
function documentsOf(
  attachments: readonly CaseAttachment[],
  orderId: string,
  ordersOfCase: number,
): PharmacyDocument[] {
  const present = attachments.filter(({ isDeleted }) => isDeleted !== true);
  if (ordersOfCase > 1 && present.some((attachment) => attachment.orderId === undefined)) {
    throw new PharmacyFaultError('PHARMACY_DOCUMENTS_AMBIGUOUS');
  }
  return present
    .filter((attachment) => attachment.orderId === undefined || attachment.orderId === orderId)
    .map(({ id, fileName, contentType, size, sha256, url, content }) => {
      const source = content === undefined ? url : `data:;base64,${content}`;
      if (source === undefined) throw new PharmacyFaultError('DOCUMENT_URL_MALFORMED');
      return { id, name: fileName, contentType, size, sha256, url: source };
    });
}

/** Checks a document's link: it must be on the server itself or use HTTPS. */
function linkOf(text: string, base: string): string {
  if (!URL.canParse(text, base)) throw new PharmacyFaultError('DOCUMENT_URL_MALFORMED');
  const url = new URL(text, base);
  if (url.protocol !== 'https:' && url.origin !== new URL(base).origin) {
    throw new PharmacyFaultError('DOCUMENT_URL_FOREIGN');
  }
  return url.href;
}

async function readJson<T>(response: Response, schema: z.ZodType<T>): Promise<T> {
  try {
    return schema.parse(await response.json());
  } catch (error) {
    if (error instanceof z.ZodError || error instanceof SyntaxError) {
      // The answer is not kept: it may contain patient data.
      throw new PharmacyUnavailableError('PHARMACY_BAD_ANSWER');
    }
    throw asPharmacyError(error);
  }
}

async function* once(bytes: Buffer): AsyncIterable<Uint8Array> {
  yield bytes;
}
