/*
 * Every error that the API answers with, in one list. `failure` and the error classes take their
 * statuses and codes from it, and the documentation page shows it.
 */

/** What the documentation says of an error. */
export interface ErrorEntry {
  /** What happened. */
  readonly meaning: string;
  /** What a client does next. */
  readonly action: string;
  /** Whether the same request can succeed later, without a change. */
  readonly retry: boolean;
}

/** The errors by HTTP status. `message` is the field of the body, as the contract fixes it. */
export const ERROR_STATUSES = {
  400: {
    message: 'Invalid request',
    meaning:
      'The header `cv-api-key` is missing, or the request breaks a rule. `error` names the first problem; `errors` lists all of them with their paths.',
    action: 'Correct the request. Nothing is stored, so the idempotency key is still unused.',
    retry: false,
  },
  401: {
    message: 'Invalid request',
    meaning:
      'The API key is blank, unknown, revoked or expired. For a webhook of a pharmacy: it is not authentic.',
    action: 'Use a valid key.',
    retry: false,
  },
  403: {
    message: 'Invalid request',
    meaning:
      'The key lacks the scope, the case does not exist, or it belongs to another organization. The answer does not reveal which. For a signed link: it is not valid or has expired.',
    action: 'Check the case id and the scopes of the key. Read the document again for a new link.',
    retry: false,
  },
  404: {
    message: 'Not found',
    meaning: 'There is no such route, order, document, endpoint or delivery in the organization.',
    action: 'Check the id.',
    retry: false,
  },
  405: {
    message: 'Method not allowed',
    meaning: 'The route does not support the method. `Allow` lists those that it supports.',
    action: 'Use one of them.',
    retry: false,
  },
  408: {
    message: 'Request timeout',
    meaning: 'The request did not arrive in time.',
    action: 'Send it again, with the same idempotency key.',
    retry: true,
  },
  409: {
    message: 'Conflict',
    meaning: 'The request conflicts with what is stored. `code` says how.',
    action: 'See the codes below.',
    retry: false,
  },
  410: {
    message: 'Gone',
    meaning: 'It is older than the deployment’s retention time. `code` says what.',
    action: 'See the codes below.',
    retry: false,
  },
  413: {
    message: 'Payload too large',
    meaning: 'The body is over 1 MiB.',
    action: 'Send less.',
    retry: false,
  },
  415: {
    message: 'Unsupported media type',
    meaning: 'The body is not `application/json` in UTF-8, or it is compressed.',
    action: 'Set `Content-Type: application/json`.',
    retry: false,
  },
  416: {
    message: 'Range not satisfiable',
    meaning: 'The requested range is not in the document. `Content-Range` has its size.',
    action: 'Request a range inside it.',
    retry: false,
  },
  417: {
    message: 'Invalid request',
    meaning: '`Expect` is not `100-continue`.',
    action: 'Leave the header out.',
    retry: false,
  },
  421: {
    message: 'Misdirected request',
    meaning: 'The sandbox serves this machine only, and the request names another host.',
    action: 'Use `localhost` or 127.0.0.1.',
    retry: false,
  },
  429: {
    message: 'Too many requests',
    meaning:
      'The key’s rate limit is used up, or too many attempts from the caller’s address failed.',
    action: 'Wait for the seconds in `Retry-After`.',
    retry: true,
  },
  431: {
    message: 'Request header fields too large',
    meaning: 'The URL and the headers together are over 16 KiB.',
    action: 'Send fewer or shorter headers.',
    retry: false,
  },
  500: {
    message: 'Internal server error',
    meaning: 'An error in the server. An order may be stored or not.',
    action: 'Send the request again, with the same idempotency key, and tell the operator.',
    retry: true,
  },
  503: {
    message: 'Service unavailable',
    meaning: 'The server is temporarily unavailable, overloaded or stopping.',
    action:
      'Wait for the seconds in `Retry-After`, then send the request again with the same idempotency key.',
    retry: true,
  },
} as const satisfies Readonly<Record<number, ErrorEntry & { readonly message: string }>>;

/** The HTTP status of an error. */
export type ErrorStatus = keyof typeof ERROR_STATUSES;

/** The errors that have a stable `code` in their body, with the status 409 or 410. */
export const ERROR_CODES = {
  IDEMPOTENCY_ERROR: {
    meaning: 'The organization has used the idempotency key before.',
    action:
      '`Idempotency-Match: same`: your order is stored, and `Location` names it. `different`: the key belongs to another payload; use a new key.',
    retry: false,
  },
  ORDER_NOT_CANCELLABLE: {
    meaning: 'The order has already ended.',
    action: 'Read the order.',
    retry: false,
  },
  TOO_MANY_ENDPOINTS: {
    meaning: 'The organization has 20 webhook endpoints.',
    action: 'Delete one that you do not need.',
    retry: false,
  },
  ENDPOINT_NOT_ENABLED: {
    meaning: 'The endpoint is paused or disabled, so nothing is sent to it.',
    action: 'Enable it first.',
    retry: false,
  },
  NOT_REPLAYABLE: {
    meaning: 'The delivery was cancelled, or it is a `PING`.',
    action: 'Replay another delivery, or test the endpoint.',
    retry: false,
  },
  EVENTS_PRUNED: {
    meaning: 'The cursor has missed events that are no longer kept.',
    action: 'Read the orders, and begin again without `after`.',
    retry: false,
  },
  DELIVERY_PRUNED: {
    meaning: 'Deliveries of that time are no longer kept.',
    action: 'Read the list of events.',
    retry: false,
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;

/** The `code` of an error. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** Why an accepted order would wait for an operator: the `code` of a warning of `VALIDATE_ORDER`. */
export const WARNING_CODES = {
  PHARMACY_UNKNOWN: {
    meaning: 'No pharmacy has this `pharmacyId`.',
    action: 'Use an id from the list of pharmacies.',
    retry: false,
  },
  PHARMACY_NOT_PERMITTED: {
    meaning: 'The pharmacy is restricted to other organizations.',
    action: 'Ask the operator for access.',
    retry: false,
  },
  PHARMACY_INACTIVE: {
    meaning: 'The pharmacy is switched off.',
    action: 'Wait, or choose another pharmacy.',
    retry: true,
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;

/** The `code` of a warning. */
export type WarningCode = keyof typeof WARNING_CODES;
