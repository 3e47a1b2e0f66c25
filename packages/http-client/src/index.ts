/*
 * `rx-orders/http`: the HTTP API from TypeScript. Without a dependency, in any runtime with `fetch`;
 * it takes nothing but types from the rest of the project.
 */

export type { Patient } from '../../../src/contract/case.ts';
export type {
  CaseAttachment,
  CaseDetailOrder,
  CustomerCaseDetail,
} from '../../../src/contract/customer-case-detail.ts';
export type {
  ActivityView,
  DocumentView,
  OrderPage,
  OrderStatus,
  OrderSummary,
  OrderView,
  ShipmentView,
} from '../../../src/contract/order.ts';
export type { PrescriptionOrder } from '../../../src/contract/place-order.ts';
export type {
  CallOptions,
  CaseDetailOptions,
  CaseOrdersQuery,
  HttpClient,
  OrdersQuery,
} from './client.ts';
export { createHttpClient } from './create-http-client.ts';
export type { Download } from './download.ts';
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
} from './http-client-errors.ts';
export type { PlacedOrder, PlaceOrderOptions } from './place-order.ts';
export type { HttpClientOptions, RetryOptions } from './settings.ts';
