import type { Patient } from '../../../src/contract/case.ts';
import type { CustomerCaseDetail } from '../../../src/contract/customer-case-detail.ts';
import type {
  ActivityView,
  DocumentView,
  OrderPage,
  OrderStatus,
  OrderSummary,
  OrderView,
} from '../../../src/contract/order.ts';
import type { PrescriptionOrder } from '../../../src/contract/place-order.ts';
import type { Download } from './download.ts';
import type { PlacedOrder, PlaceOrderOptions } from './place-order.ts';

/** What every call takes. */
export interface CallOptions {
  /** Ends the call at once, between attempts too; it then throws {@link AbortError}. */
  readonly signal?: AbortSignal | undefined;
}

/** Which orders of a case, and which page of them. */
export interface CaseOrdersQuery {
  readonly status?: OrderStatus | undefined;
  /** Orders in a page; the server has a default and a limit. */
  readonly limit?: number | undefined;
  /** The `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
}

/** Which of the organization's orders, and which page of them. Times as RFC 3339 or `Date`. */
export interface OrdersQuery extends CaseOrdersQuery {
  readonly createdAfter?: string | Date | undefined;
  readonly createdBefore?: string | Date | undefined;
  readonly pharmacyId?: string | undefined;
}

/** What the original's read of a case is to hold. */
export interface CaseDetailOptions extends CallOptions {
  readonly includeOrders?: boolean | undefined;
  readonly includeAttachments?: boolean | undefined;
  /** Whether attachments come as signed addresses or as base64; the server's default is `url`. */
  readonly documentFormat?: 'url' | 'base64' | undefined;
}

/**
 * The HTTP API of one organization; made by {@link createHttpClient}. Every call throws
 * {@link HttpClientError}s only: beside those named, {@link UnauthorizedError},
 * {@link PermissionDeniedError}, {@link RateLimitedError}, {@link UnavailableError},
 * {@link TimeoutError}, {@link NetworkError}, {@link UnexpectedAnswerError} and
 * {@link AbortError}. `placeOrder` and `customerCaseDetail` work against the original, too.
 */
export interface HttpClient {
  /**
   * Places an order. At most one is made, whatever is lost on the way: all attempts carry the same
   * key. When it resolves, the server keeps the order.
   *
   * @throws {InvalidRequestError} lists what is wrong; nothing was placed.
   * @throws {IdempotencyConflictError} the key is used; `existing` names the order of an equal
   *   payload, `ownRetry` says that it is probably this call's own.
   */
  placeOrder(
    caseId: string,
    order: PrescriptionOrder,
    options?: PlaceOrderOptions,
  ): Promise<PlacedOrder>;
  /**
   * Checks an order as `placeOrder` would, and stores nothing.
   *
   * @throws {InvalidRequestError} lists what is wrong.
   */
  validateOrder(caseId: string, order: PrescriptionOrder, options?: CallOptions): Promise<void>;
  /**
   * Asks for an order's cancellation, which the pharmacy may decide: look at the order's `status`.
   *
   * @param reason words for whoever reads the order's timeline.
   * @throws {OrderNotCancellableError} it has ended, or it is too late.
   * @throws {NotFoundError} the case has no such order.
   */
  cancelOrder(
    caseId: string,
    orderId: string,
    reason?: string,
    options?: CallOptions,
  ): Promise<OrderView>;
  /**
   * Creates a case, or replaces its patient. Orders that were placed keep what they were placed with.
   *
   * @returns whether the last answer said that the case is new.
   * @throws {InvalidRequestError} lists what is wrong.
   */
  putCase(caseId: string, patient: Patient, options?: CallOptions): Promise<{ created: boolean }>;
  /**
   * Reads an order, its documents and shipments.
   *
   * @throws {NotFoundError} the case has no such order.
   */
  getOrder(caseId: string, orderId: string, options?: CallOptions): Promise<OrderView>;
  /** One page of the organization's orders, the newest first. */
  listOrders(query?: OrdersQuery, options?: CallOptions): Promise<OrderPage>;
  /** One page of a case's orders, the newest first. */
  listOrdersOfCase(
    caseId: string,
    query?: CaseOrdersQuery,
    options?: CallOptions,
  ): Promise<OrderPage>;
  /** All orders that {@link HttpClient.listOrders} would give, a page at a time as they are asked for. */
  iterateOrders(
    query?: OrdersQuery,
    options?: CallOptions,
  ): AsyncGenerator<OrderSummary, void, void>;
  /** As {@link HttpClient.iterateOrders}, of a case. */
  iterateOrdersOfCase(
    caseId: string,
    query?: CaseOrdersQuery,
    options?: CallOptions,
  ): AsyncGenerator<OrderSummary, void, void>;
  /**
   * The order's whole timeline.
   *
   * @throws {NotFoundError} the case has no such order.
   */
  getActivity(caseId: string, orderId: string, options?: CallOptions): Promise<ActivityView[]>;
  /**
   * All documents of an order.
   *
   * @throws {NotFoundError} the case has no such order.
   */
  listDocuments(caseId: string, orderId: string, options?: CallOptions): Promise<DocumentView[]>;
  /**
   * Starts the download of a document; its stream has no time limit as a whole, but
   * `attemptTimeoutMs` for each pause.
   *
   * @throws {NotFoundError} the order has no such document.
   */
  downloadDocument(
    caseId: string,
    orderId: string,
    documentId: string,
    options?: CallOptions,
  ): Promise<Download>;
  /**
   * The order that holds a key; undefined when the server says that no order does.
   *
   * @throws {InvalidRequestError} the key fits into no header.
   * @throws {NotFoundError} the server has no such read, as the original: it says nothing of the key.
   */
  findByIdempotencyKey(key: string, options?: CallOptions): Promise<OrderView | undefined>;
  /** The original's read of a case. */
  customerCaseDetail(caseId: string, options?: CaseDetailOptions): Promise<CustomerCaseDetail>;
}
