import { CREATE_ENDPOINT_EXAMPLE, PUT_CASE_EXAMPLE } from '../../src/http/openapi/examples.ts';
import type { Database } from '../../src/storage/database.ts';
import { exampleWithoutKey } from './test-api.ts';

/** The objects that a request names: those of another organization, or ids that do not exist. */
export interface Subject {
  readonly caseId: string;
  readonly orderId: string;
  readonly documentId: string;
  readonly idempotencyKey: string;
  readonly endpointId: string;
  readonly deliveryId: string;
}

interface RouteCase {
  readonly query?: (subject: Subject) => string;
  readonly headers?: (subject: Subject) => Record<string, string>;
  readonly body?: (subject: Subject) => unknown;
  /** Runs before each request. */
  readonly before?: (database: Database) => Promise<unknown>;
  /** The status with a valid key, or with any key when `auth` is `none`. */
  readonly served: number;
  /** The status with a key of another organization that has every scope. */
  readonly foreign: number;
  /** False when an unknown object is not an error, so that there is nothing to compare. */
  readonly refusesUnknown?: false;
}

/** The URL of an endpoint that no test contacts. */
export const NOBODY_LISTENS = 'http://127.0.0.1:1024/hook';

/** The documentation pages and their files. */
export const DOCS_PAGE = [
  '/docs',
  ...[':page', 'docs.css', 'icon.svg', 'docs.js', 'samples.js', 'search.js', 'try-it.js'].map(
    (file) => `/docs/${file}`,
  ),
];

/** The requests of the access tests and their expected results, by the name of the route. */
export const CASES: Readonly<Record<string, RouteCase>> = {
  'POST /api/v1/cases/:caseId PLACE_ORDER': {
    body: () => exampleWithoutKey(),
    served: 200,
    foreign: 403,
  },
  'POST /api/v1/cases/:caseId VALIDATE_ORDER': {
    body: () => ({ ...exampleWithoutKey(), action: 'VALIDATE_ORDER' }),
    served: 200,
    foreign: 403,
  },
  'POST /api/v1/cases/:caseId CANCEL_ORDER': {
    body: ({ orderId }) => ({ action: 'CANCEL_ORDER', orderId }),
    served: 200,
    foreign: 403,
  },
  // PUT creates an unknown case. Each organization has its own case ids.
  'PUT /api/v1/cases/:caseId': {
    body: () => PUT_CASE_EXAMPLE,
    served: 200,
    foreign: 201,
    refusesUnknown: false,
  },
  'GET /api/v1/customer-case-detail': {
    query: ({ caseId }) => `?caseId=${caseId}&includeOrders=true&includeAttachments=true`,
    served: 200,
    foreign: 403,
  },
  'POST /api/v1/webhook-endpoints': {
    body: () => ({ ...CREATE_ENDPOINT_EXAMPLE, url: NOBODY_LISTENS }),
    served: 201,
    foreign: 201,
  },
  'GET /api/v1/webhook-endpoints': { served: 200, foreign: 200 },
  'GET /api/v1/webhook-endpoints/:endpointId': { served: 200, foreign: 404 },
  'PATCH /api/v1/webhook-endpoints/:endpointId': {
    body: () => ({ payloadMode: 'full' }),
    served: 200,
    foreign: 404,
  },
  'DELETE /api/v1/webhook-endpoints/:endpointId': {
    before: (database) => database`UPDATE webhook_endpoints SET deleted_at = NULL`,
    served: 200,
    foreign: 404,
  },
  'POST /api/v1/webhook-endpoints/:endpointId/rotate-secret': {
    before: (database) => database`UPDATE webhook_endpoints SET deleted_at = NULL`,
    served: 200,
    foreign: 404,
  },
  'POST /api/v1/webhook-endpoints/:endpointId/test': { served: 200, foreign: 404 },
  'GET /api/v1/webhook-deliveries': {
    query: ({ orderId, endpointId }) => `?orderId=${orderId}&endpointId=${endpointId}`,
    served: 200,
    foreign: 200,
  },
  'POST /api/v1/webhook-deliveries/:deliveryId/replay': { served: 200, foreign: 404 },
  'GET /api/v1/cases/:caseId/orders': { served: 200, foreign: 403 },
  'GET /api/v1/orders': { served: 200, foreign: 200 },
  'GET /api/v1/pharmacies': { served: 200, foreign: 200 },
  'GET /api/v1/events': { served: 200, foreign: 200 },
  'GET /api/v1/orders/by-idempotency-key': {
    headers: ({ idempotencyKey }) => ({ 'idempotency-key': idempotencyKey }),
    served: 200,
    foreign: 404,
  },
  // The path names a case of our own organization, which is rejected before the order is looked up.
  'GET /api/v1/cases/:caseId/orders/:orderId': { served: 200, foreign: 403 },
  'GET /api/v1/cases/:caseId/orders/:orderId/activity': { served: 200, foreign: 403 },
  'GET /api/v1/cases/:caseId/orders/:orderId/documents': { served: 200, foreign: 403 },
  'GET /api/v1/cases/:caseId/orders/:orderId/documents/:documentId': { served: 200, foreign: 403 },
  // This route accepts a signature, and no API key.
  'GET /documents/:documentId': {
    query: () => `?expires=9999999999&signature=${'0'.repeat(64)}`,
    served: 403,
    foreign: 403,
  },
  'POST /webhooks/pharmacies/:pharmacyId': { body: () => ({}), served: 401, foreign: 401 },
  'GET /healthz': { served: 200, foreign: 200 },
  'GET /readyz': { served: 200, foreign: 200 },
  'GET /metrics': { served: 200, foreign: 200 },
  'GET /openapi.json': { served: 200, foreign: 200 },
  ...Object.fromEntries(
    DOCS_PAGE.map((url) => [`GET ${url}`, { served: 200, foreign: 200 }] as const),
  ),
};
