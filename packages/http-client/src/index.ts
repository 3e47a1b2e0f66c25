/*
 * `@rx-orders/http-client`: the HTTP API for TypeScript and JavaScript. It has no dependency and runs
 * in every runtime that has `fetch`.
 */

export type {
  CallOptions,
  CaseDetailOptions,
  CaseOrdersQuery,
  HttpClient,
  OrdersQuery,
  PageQuery,
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
export type {
  ActivityView,
  Address,
  CaseDetailAttachment,
  CaseDetailOrder,
  CustomerCaseDetail,
  DocumentView,
  OrderPage,
  OrderStatus,
  OrderSummary,
  OrderView,
  OrderWarning,
  Patient,
  PatientHealthInfo,
  PharmacyPage,
  PharmacyView,
  Prescriber,
  PrescriptionItem,
  PrescriptionOrder,
  ShipmentView,
} from './types.ts';
