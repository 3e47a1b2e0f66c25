import { cancelOrder } from './cancel-order.ts';
import type { CallOptions, CaseOrdersQuery, HttpClient, OrdersQuery, PageQuery } from './client.ts';
import { download } from './download.ts';
import { iterate, type List, readAll, readPage } from './pages.ts';
import { casePath, orderPath, rootPath, segment } from './paths.ts';
import { placeOrder } from './place-order.ts';
import { isRecord, readBody, readData } from './read-answer.ts';
import { findByIdempotencyKey, readOrder } from './read-order.ts';
import { createSender } from './send.ts';
import { type HttpClientOptions, settingsFrom } from './settings.ts';
import type {
  ActivityView,
  CustomerCaseDetail,
  DocumentView,
  OrderPage,
  OrderSummary,
  OrderWarning,
  PharmacyView,
} from './types.ts';

/**
 * Creates a client of the HTTP API for one organization. The client keeps no connection, so there is
 * nothing to close.
 *
 * @throws {TypeError} an option breaks a rule. The message names the option, never its value.
 */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const send = createSender(settingsFrom(options));

  const orders = (query: OrdersQuery = {}, { signal }: CallOptions = {}): List => ({
    path: rootPath('orders'),
    name: 'orders',
    query: { ...query },
    signal,
  });
  const ordersOfCase = (
    caseId: string,
    query: CaseOrdersQuery = {},
    { signal }: CallOptions = {},
  ): List => ({ path: casePath(caseId, 'orders'), name: 'orders', query: { ...query }, signal });

  const pharmacies = (query: PageQuery = {}, { signal }: CallOptions = {}): List => ({
    path: rootPath('pharmacies'),
    name: 'pharmacies',
    query: { ...query },
    signal,
  });

  async function pageOf(list: List): Promise<OrderPage> {
    const { items, nextCursor } = await readPage<OrderSummary>(send, list);
    return { orders: [...items], nextCursor };
  }

  return {
    placeOrder: (caseId, order, placement = {}) => placeOrder(send, caseId, order, placement),

    async validateOrder(caseId, order, { signal } = {}) {
      const body = { action: 'VALIDATE_ORDER', order };
      const reply = await send({ method: 'POST', path: casePath(caseId), body, signal });
      // A server of an earlier version has no warnings.
      return readData(reply, ({ valid, warnings = [] }) =>
        valid === true && Array.isArray(warnings)
          ? { warnings: warnings as OrderWarning[] }
          : undefined,
      );
    },

    cancelOrder: async (caseId, orderId, reason, { signal } = {}) =>
      await cancelOrder(send, { caseId, orderId }, { reason, signal }),

    async putCase(caseId, patient, { signal } = {}) {
      const body = { patient };
      const reply = await send({
        method: 'PUT',
        path: casePath(caseId),
        body,
        stores: true,
        signal,
      });
      return readBody(reply, () => ({ created: reply.answer.status === 201 }));
    },

    getOrder: async (caseId, orderId, { signal } = {}) =>
      await readOrder(send, { caseId, orderId }, signal),

    listOrders: async (query, call) => await pageOf(orders(query, call)),
    listOrdersOfCase: async (caseId, query, call) =>
      await pageOf(ordersOfCase(caseId, query, call)),
    iterateOrders: (query, call) => iterate<OrderSummary>(send, orders(query, call)),
    iterateOrdersOfCase: (caseId, query, call) =>
      iterate<OrderSummary>(send, ordersOfCase(caseId, query, call)),

    async listPharmacies(query, call) {
      const { items, nextCursor } = await readPage<PharmacyView>(send, pharmacies(query, call));
      return { pharmacies: [...items], nextCursor };
    },
    iteratePharmacies: (query, call) => iterate<PharmacyView>(send, pharmacies(query, call)),

    async getActivity(caseId, orderId, { signal } = {}) {
      const path = orderPath(caseId, orderId, 'activity');
      return await readAll<ActivityView>(send, { path, name: 'activity', signal });
    },

    async listDocuments(caseId, orderId, { signal } = {}) {
      const path = orderPath(caseId, orderId, 'documents');
      return await readAll<DocumentView>(send, { path, name: 'documents', signal });
    },

    async downloadDocument(caseId, orderId, documentId, { signal } = {}) {
      const path = orderPath(caseId, orderId, 'documents', segment('documentId', documentId));
      return await download(send, { path, signal });
    },

    findByIdempotencyKey: async (key, { signal } = {}) =>
      await findByIdempotencyKey(send, key, signal),

    async customerCaseDetail(wanted, { signal, ...parts } = {}) {
      const named = typeof wanted === 'string' ? { caseId: wanted } : { email: wanted.email };
      const path = rootPath('customer-case-detail', { ...named, ...parts });
      const reply = await send({ method: 'GET', path, signal });
      return readBody(reply, ({ caseDetail }) =>
        isRecord(caseDetail) ? (caseDetail as unknown as CustomerCaseDetail) : undefined,
      );
    },
  };
}
