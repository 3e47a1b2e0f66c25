/*
 * `rx-orders/http`: the HTTP API from TypeScript. Without a dependency, in any runtime with `fetch`;
 * it takes nothing but types from the rest of the project.
 */

export type { Patient } from './contract/case.ts';
export type {
  CaseAttachment,
  CaseDetailOrder,
  CustomerCaseDetail,
} from './contract/customer-case-detail.ts';
export type {
  ActivityView,
  DocumentView,
  OrderPage,
  OrderStatus,
  OrderSummary,
  OrderView,
  ShipmentView,
} from './contract/order.ts';
export type { PrescriptionOrder } from './contract/place-order.ts';
export type {
  CallOptions,
  CaseDetailOptions,
  CaseOrdersQuery,
  HttpClient,
  OrdersQuery,
} from './http-client/client.ts';
export { createHttpClient } from './http-client/create-http-client.ts';
export type { Download } from './http-client/download.ts';
export {
  AbortError,
  HttpClientError,
  IdempotencyConflictError,
  InvalidRequestError,
  NetworkError,
  NotFoundError,
  OrderNotCancellableError,
  PermissionDeniedError,
  type Problem,
  RateLimitedError,
  TimeoutError,
  UnauthorizedError,
  UnavailableError,
  UnexpectedAnswerError,
} from './http-client/errors.ts';
export type { PlacedOrder, PlaceOrderOptions } from './http-client/place-order.ts';
export type { HttpClientOptions, RetryOptions } from './http-client/settings.ts';
