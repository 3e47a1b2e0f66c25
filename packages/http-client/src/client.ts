import type { Download } from './download.ts';
import type { PlacedOrder, PlaceOrderOptions } from './place-order.ts';
import type {
  ActivityView,
  CustomerCaseDetail,
  DocumentView,
  OrderPage,
  OrderStatus,
  OrderSummary,
  OrderView,
  OrderWarning,
  Patient,
  PharmacyPage,
  PharmacyView,
  PrescriptionOrder,
} from './types.ts';

/** Options of every call. */
export interface CallOptions {
  /** Ends the call immediately, also between attempts. The call then throws {@link AbortError}. */
  readonly signal?: AbortSignal | undefined;
}

/** The page of a list. */
export interface PageQuery {
  /** Items per page, 1 to 200. The server's default is 50. */
  readonly limit?: number | undefined;
  /** The `nextCursor` of the previous page. */
  readonly cursor?: string | undefined;
}

/** Filters and page of a case's orders. */
export interface CaseOrdersQuery extends PageQuery {
  readonly status?: OrderStatus | undefined;
}

/** Filters and page of the organization's orders. Times are RFC 3339 strings or `Date`s. */
export interface OrdersQuery extends CaseOrdersQuery {
  readonly createdAfter?: string | Date | undefined;
  readonly createdBefore?: string | Date | undefined;
  readonly pharmacyId?: string | undefined;
}

/** What {@link HttpClient.customerCaseDetail} includes. */
export interface CaseDetailOptions extends CallOptions {
  readonly includeOrders?: boolean | undefined;
  readonly includeAttachments?: boolean | undefined;
  /** Attachments as signed URLs or as base64. The server's default is `url`. */
  readonly documentFormat?: 'url' | 'base64' | undefined;
}

/**
 * The HTTP API of one organization. {@link createHttpClient} makes it.
 *
 * Calls throw {@link HttpClientError}s only. In addition to the errors that a call documents, each can
 * throw {@link UnauthorizedError}, {@link PermissionDeniedError}, {@link RateLimitedError},
 * {@link UnavailableError}, {@link TimeoutError}, {@link NetworkError}, {@link UnexpectedAnswerError}
 * and {@link AbortError}.
 *
 * `placeOrder` and `customerCaseDetail` also work against the CareValidate API that rx-orders follows.
 */
export interface HttpClient {
  /**
   * Places an order. All attempts carry the same idempotency key, so at most one order is created,
   * even when answers are lost. When the promise resolves, the server has stored the order.
   *
   * @throws {InvalidRequestError} the order breaks a rule; `errors` lists each problem. No order was
   *   placed.
   * @throws {IdempotencyConflictError} an order already has the key. `existing` names that order when
   *   its payload is equal; `ownRetry` says that an earlier attempt of this call probably placed it.
   */
  placeOrder(
    caseId: string,
    order: PrescriptionOrder,
    options?: PlaceOrderOptions,
  ): Promise<PlacedOrder>;
  /**
   * Checks an order as `placeOrder` does, but stores nothing.
   *
   * @returns the reasons, if any, for which the order would wait for an operator if it were placed now.
   * @throws {InvalidRequestError} the order breaks a rule; `errors` lists each problem.
   */
  validateOrder(
    caseId: string,
    order: PrescriptionOrder,
    options?: CallOptions,
  ): Promise<{ readonly warnings: readonly OrderWarning[] }>;
  /**
   * Requests the cancellation of an order. The pharmacy may have to agree, so check the `status` of
   * the returned order.
   *
   * @param reason free text for the order's timeline.
   * @throws {OrderNotCancellableError} the order has ended, or the pharmacy no longer gives it back.
   * @throws {NotFoundError} the case has no such order.
   */
  cancelOrder(
    caseId: string,
    orderId: string,
    reason?: string,
    options?: CallOptions,
  ): Promise<OrderView>;
  /**
   * Creates a case, or replaces its patient. Orders that exist keep the data that they were placed
   * with.
   *
   * @returns whether the case is new. After a retry this can be false for a case that this call made.
   * @throws {InvalidRequestError} the patient breaks a rule; `errors` lists each problem.
   */
  putCase(caseId: string, patient: Patient, options?: CallOptions): Promise<{ created: boolean }>;
  /**
   * Reads an order, its documents and shipments.
   *
   * @throws {NotFoundError} the case has no such order.
   */
  getOrder(caseId: string, orderId: string, options?: CallOptions): Promise<OrderView>;
  /** Reads one page of the organization's orders, newest first. */
  listOrders(query?: OrdersQuery, options?: CallOptions): Promise<OrderPage>;
  /** Reads one page of a case's orders, newest first. */
  listOrdersOfCase(
    caseId: string,
    query?: CaseOrdersQuery,
    options?: CallOptions,
  ): Promise<OrderPage>;
  /** Iterates over all matching orders of the organization. Reads a page when the loop needs it. */
  iterateOrders(
    query?: OrdersQuery,
    options?: CallOptions,
  ): AsyncGenerator<OrderSummary, void, void>;
  /** Iterates over all matching orders of a case; see {@link HttpClient.iterateOrders}. */
  iterateOrdersOfCase(
    caseId: string,
    query?: CaseOrdersQuery,
    options?: CallOptions,
  ): AsyncGenerator<OrderSummary, void, void>;
  /**
   * Reads the complete timeline of an order, oldest entry first.
   *
   * @throws {NotFoundError} the case has no such order.
   */
  getActivity(caseId: string, orderId: string, options?: CallOptions): Promise<ActivityView[]>;
  /**
   * Lists all documents of an order.
   *
   * @throws {NotFoundError} the case has no such order.
   */
  listDocuments(caseId: string, orderId: string, options?: CallOptions): Promise<DocumentView[]>;
  /**
   * Starts the download of a document. The stream has no total time limit, but each pause between
   * chunks may last `attemptTimeoutMs` at most.
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
   * Finds the order that was placed with an idempotency key.
   *
   * @returns the order; undefined when no order has the key.
   * @throws {InvalidRequestError} a header cannot carry the key.
   * @throws {NotFoundError} the server lacks this route, so whether an order has the key is unknown.
   */
  findByIdempotencyKey(key: string, options?: CallOptions): Promise<OrderView | undefined>;
  /** Reads one page of the pharmacies where the organization can place orders, by id. */
  listPharmacies(query?: PageQuery, options?: CallOptions): Promise<PharmacyPage>;
  /** Iterates over the pharmacies where the organization can place orders. */
  iteratePharmacies(
    query?: PageQuery,
    options?: CallOptions,
  ): AsyncGenerator<PharmacyView, void, void>;
  /**
   * Reads a case with its orders and attachments, as the CareValidate API shows it.
   *
   * @param wanted the id of the case, or the email of a patient, whose newest case is read. An email becomes part of the URL,
   *   which proxies may log.
   */
  customerCaseDetail(
    wanted: string | { readonly email: string },
    options?: CaseDetailOptions,
  ): Promise<CustomerCaseDetail>;
}
