import type { ForeignAccess } from '../egress/destination.ts';
import { sameId } from '../lib/uuid.ts';
import { readField } from './answer-fields.ts';
import { decodeDataUrl } from './base64.ts';
import {
  type CaseOrder,
  caseDetailAnswer,
  caseOrderId,
  orderAnswer,
  refusalAnswer,
  statusOf,
} from './carevalidate-answers.ts';
import { fromPharmacyOrderId, toPharmacyOrderId } from './carevalidate-ids.ts';
import { caseDocuments, type StoredForOthers } from './case-documents.ts';
import { NOTHING_OFFERED, type PharmacyGateway, type PharmacyOrder } from './gateway.ts';
import { createHttpCalls, httpFault, type PharmacyCall, readJson } from './http-calls.ts';
import { createOpenDocument } from './open-document.ts';
import { OrderRefusedError, PharmacyAnswerError, PharmacyFaultError } from './pharmacy-errors.ts';

const DATA_URL = /^data:/i;

const ANSWER_BYTES = 4 * 1024 * 1024;
/** An answer that contains documents. */
const DETAIL_BYTES = 100 * 1024 * 1024;

/**
 * Creates the gateway to a server with the original order endpoint: the original service, or another instance
 * of this project (docs/adr/0015-carevalidate-gateway.md). Cases and pharmacies have the same ids there.
 *
 * Our order id is the `idempotencyKey`, so the server accepts each order once. A 409 means that it already
 * has the order. The gateway then adopts the order in the answer's `Location` or, if the server sends
 * none, the only order of the case that none of our orders has. If that is ambiguous, the order needs
 * attention; it is never sent with another key.
 *
 * @param options.token the `cv-api-key`; sent to the base URL's origin only.
 * @param options.timeoutMs see {@link createHttpCalls}.
 * @param options.foreign how documents elsewhere are reached.
 * @param options.findTaken returns which of these pharmacy order ids our orders already have.
 * @param options.findDocuments returns the stored documents of the orders with these pharmacy order ids.
 */
export function createCareValidateGateway(options: {
  baseUrl: string;
  token: string;
  timeoutMs: number;
  foreign: ForeignAccess;
  findTaken: (pharmacyOrderIds: readonly string[]) => Promise<ReadonlySet<string>>;
  findDocuments: (
    pharmacyOrderIds: readonly string[],
  ) => Promise<readonly { pharmacyOrderId: string; pharmacyDocumentId: string }[]>;
}): PharmacyGateway {
  const { timeoutMs, foreign } = options;
  const base = options.baseUrl.replace(/\/+$/, '');
  const http = createHttpCalls(timeoutMs, foreign.lookup);
  // The links of this protocol are signed, so the key is not sent with them.
  const openDocument = createOpenDocument({ base, headers: {}, http, foreign, timeoutMs });

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
    const limit = include.attachments ? DETAIL_BYTES : ANSWER_BYTES;
    return readField(caseDetailAnswer, await readJson(response, limit)).caseDetail;
  }

  /** Finds the order that a 409 is about. */
  async function adopt(response: Response, caseId: string, signal: AbortSignal) {
    await response.body?.cancel();
    const named = orderIn(response.headers.get('location') ?? '');
    if (named !== undefined) return named;
    const { orders } = await readCase(caseId, { attachments: false }, signal);
    const ids = orders.map(({ id }) => toPharmacyOrderId({ caseId, orderId: id }));
    const taken = await options.findTaken(ids);
    const [free, ...others] = orders.filter((_, index) => !taken.has(ids[index] ?? ''));
    if (free === undefined || others.length > 0) {
      throw new PharmacyFaultError('PHARMACY_ADOPTION_UNCERTAIN');
    }
    return free.id;
  }

  /** Finds what is stored for other orders of a case. */
  async function findStored(
    caseId: string,
    others: readonly CaseOrder[],
  ): Promise<StoredForOthers> {
    const ids = new Map(
      others.map(({ id }) => [toPharmacyOrderId({ caseId, orderId: id }), id] as const),
    );
    const documents = await options.findDocuments([...ids.keys()]);
    return {
      documentIds: new Set(documents.map(({ pharmacyDocumentId }) => pharmacyDocumentId)),
      orderIds: new Set(documents.map(({ pharmacyOrderId }) => ids.get(pharmacyOrderId) ?? '')),
    };
  }

  return {
    hasReferences: false,

    async place({ reference, caseId, prescription, shippingAddress }, signal) {
      const order = { ...prescription, shippingAddress };
      const body = { action: 'PLACE_ORDER', idempotencyKey: reference, order };
      const response = await act(caseId, body, signal);
      const placed = (orderId: string): PharmacyOrder => ({
        id: toPharmacyOrderId({ caseId, orderId }),
        status: 'accepted',
        ...NOTHING_OFFERED,
      });
      if ([200, 201, 202].includes(response.status)) {
        const { data } = readField(orderAnswer, await readJson(response, ANSWER_BYTES));
        return placed(data.order.id);
      }
      if (response.status === 409) return placed(await adopt(response, caseId, signal));
      if (response.status === 400) {
        const body = await readJson(response, ANSWER_BYTES);
        throw new OrderRefusedError('ORDER_REFUSED', readField(refusalAnswer, body).error);
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
      const found = open.orders.find(({ id }) => sameId(id, orderId));
      if (found === undefined) throw new PharmacyFaultError('PHARMACY_ORDER_UNKNOWN');
      const { status, message, trackingId } = found;
      const order = {
        id: pharmacyOrderId,
        ...{ status, reason: message },
        ...(trackingId === undefined ? {} : { shipment: { trackingId } }),
      };
      if (status !== 'completed') return { ...order, ...NOTHING_OFFERED };
      const { attachments, orders } = await readCase(caseId, { attachments: true }, signal);
      const documents = await caseDocuments(attachments, found, orders, (others) =>
        findStored(caseId, others),
      );
      return { ...order, ...documents };
    },

    async cancel(pharmacyOrderId, signal) {
      const { caseId, orderId } = fromPharmacyOrderId(pharmacyOrderId);
      const response = await act(caseId, { action: 'CANCEL_ORDER', orderId }, signal);
      // A server without CANCEL_ORDER answers 400.
      if (response.status === 409 || response.status === 400) {
        await response.body?.cancel();
        return 'too-late';
      }
      if (response.status !== 200 && response.status !== 202) throw await httpFault(response);
      const { data } = readField(orderAnswer, await readJson(response, ANSWER_BYTES));
      // It may have to ask its own pharmacy.
      return statusOf(data.order.status) === 'cancelled' ? 'cancelled' : 'pending';
    },

    async download({ url }, signal) {
      if (!DATA_URL.test(url)) return await openDocument(url, signal);
      const bytes = decodeDataUrl(url);
      if (bytes === undefined) throw new PharmacyAnswerError('DOCUMENT_NOT_BASE64');
      return { bytes: once(bytes), contentType: undefined };
    },
  };
}

/** The id of the order that a `Location` names; undefined if it names none. */
function orderIn(location: string): string | undefined {
  try {
    const [, named = ''] = /\/orders\/([^/?#]+)$/.exec(location) ?? [];
    return caseOrderId.safeParse(decodeURIComponent(named)).data;
  } catch {
    return undefined;
  }
}

async function* once(bytes: Buffer): AsyncIterable<Uint8Array> {
  yield bytes;
}
