/*
 * Every `reasonCode` of an order and of its timeline, and every code of a delay, in one list, which the documentation
 * page shows. A test compares it with the sources. A name that ends in `*` stands for codes that begin so: the rest is
 * what a server or the operating system said.
 */

/** What the documentation says of a code. */
export interface ReasonEntry {
  /** What happened. */
  readonly meaning: string;
  /** What the organization of the order does. */
  readonly client: string;
  /** What an operator does. */
  readonly operator: string;
}

const WAIT = 'Wait.';
const NOTHING = 'Nothing.';
const RETRY_LATER = 'Ask whether the pharmacy has the order, then retry or cancel.';
const FIX_AND_RETRY = 'Have the pharmacy correct it, then retry.';
const FIX_DOCUMENT = 'Have the pharmacy correct the document or the list, then retry.';

/** A delay has these codes while its step is repeated, and `NEEDS_ATTENTION` when repeating cannot help or took too long. */
export const STEP_CODES = {
  PHARMACY_UNKNOWN: {
    meaning: 'No pharmacy has the `pharmacyId` of the order.',
    client: 'Cancel the order, and use an id from the list of pharmacies.',
    operator: 'Add the pharmacy and retry, or cancel.',
  },
  PHARMACY_NOT_PERMITTED: {
    meaning: 'The pharmacy is restricted to other organizations.',
    client: 'Ask the operator for access, or cancel the order.',
    operator: 'Permit the organization and retry, or cancel.',
  },
  PHARMACY_INACTIVE: {
    meaning: 'The pharmacy is switched off.',
    client: 'Wait, or cancel the order and choose another pharmacy.',
    operator: 'Enable the pharmacy, then retry.',
  },
  DATES_INCONSISTENT: {
    meaning: 'The dates of the order contradict each other.',
    client: 'Cancel the order, and place it with correct dates.',
    operator: 'Cancel.',
  },
  SHIPPING_ADDRESS_MISSING: {
    meaning: 'Neither the order nor its case has an address.',
    client: 'Cancel the order, and place it with an address.',
    operator: 'Cancel.',
  },
  PATIENT_ERASED: {
    meaning: 'The patient was erased with an earlier order.',
    client: 'Send the case again.',
    operator: 'Retry after the organization has sent the case.',
  },
  PHARMACY_BUSY: {
    meaning: 'Earlier calls hold all connections that the pharmacy may have at once.',
    client: WAIT,
    operator: RETRY_LATER,
  },
  PHARMACY_TIMEOUT: {
    meaning: 'The pharmacy did not answer in time.',
    client: WAIT,
    operator: RETRY_LATER,
  },
  PHARMACY_DNS_TIMEOUT: {
    meaning: 'The name server of the pharmacy’s host does not answer.',
    client: WAIT,
    operator: 'Check the name servers, then retry.',
  },
  PHARMACY_TOO_SLOW: {
    meaning: 'A document came too slowly.',
    client: WAIT,
    operator: 'Ask the pharmacy, then retry.',
  },
  'PHARMACY_HTTP_*': {
    meaning:
      'The pharmacy answered with this status. 408, 423, 425, 429 and 5xx are repeated until the order’s limit; others may mean a wrong token (401, 403) or an order or document that the pharmacy does not have (404).',
    client: WAIT,
    operator: 'Check the pharmacy’s settings with `rx pharmacy check`, correct them, then retry.',
  },
  'PHARMACY_*': {
    meaning:
      'No connection to the pharmacy. The rest of the code is what the operating system or TLS said, as `PHARMACY_ECONNRESET`.',
    client: WAIT,
    operator: RETRY_LATER,
  },
  PHARMACY_BAD_ANSWER: {
    meaning: 'Answers of the pharmacy could not be read. The reason in words names the field.',
    client: WAIT,
    operator: FIX_AND_RETRY,
  },
  PHARMACY_ANSWER_TOO_LARGE: {
    meaning: 'An answer of the pharmacy is larger than any that the protocol needs.',
    client: WAIT,
    operator: FIX_AND_RETRY,
  },
  PHARMACY_ORDER_UNKNOWN: {
    meaning: 'The pharmacy does not have the order under the id that it gave.',
    client: WAIT,
    operator: 'Ask the pharmacy for the id, and retry with it.',
  },
  PHARMACY_ORDER_NOT_LISTED: {
    meaning: 'The pharmacy says that it has the order, but does not find it by our reference.',
    client: WAIT,
    operator: 'Ask the pharmacy for the id, and retry with it.',
  },
  PHARMACY_ADOPTION_UNCERTAIN: {
    meaning: 'Several orders of the case at the pharmacy may be this one.',
    client: WAIT,
    operator: 'Find out which one it is, and retry with its id.',
  },
  PHARMACY_OTHER_REFERENCE: {
    meaning: 'The pharmacy’s order id belongs to an order with another reference.',
    client: WAIT,
    operator: 'Ask the pharmacy for the right id, and retry with it.',
  },
  PHARMACY_OTHER_ORDER: {
    meaning: 'The pharmacy answered with another order than the one that was asked for.',
    client: WAIT,
    operator: 'Ask the pharmacy for the right id, and retry with it.',
  },
  PHARMACY_CANCELLATION_PENDING: {
    meaning: 'The pharmacy has not decided about a cancellation.',
    client: WAIT,
    operator: 'Ask the pharmacy, then retry.',
  },
  PHARMACY_NO_DOCUMENTS_YET: {
    meaning: 'The pharmacy completed the order, but lists no document yet.',
    client: WAIT,
    operator: 'Nothing: after a few minutes the order completes without documents.',
  },
  PHARMACY_DOCUMENTS_AMBIGUOUS: {
    meaning: 'A document may belong to another order of the case.',
    client: WAIT,
    operator: 'Have the pharmacy’s server name the `orderId` of its documents, then retry.',
  },
  DOCUMENT_MISMATCH: {
    meaning: 'The size or the SHA-256 of a document differs from the pharmacy’s list.',
    client: WAIT,
    operator: FIX_DOCUMENT,
  },
  DOCUMENT_EMPTY: { meaning: 'A document has no bytes.', client: WAIT, operator: FIX_DOCUMENT },
  DOCUMENT_TRUNCATED: {
    meaning: 'A document ends too early.',
    client: WAIT,
    operator: FIX_DOCUMENT,
  },
  DOCUMENT_WRONG_TYPE: {
    meaning: 'A document is not of the announced type, often a login or error page.',
    client: WAIT,
    operator: FIX_DOCUMENT,
  },
  DOCUMENT_TOO_LARGE: {
    meaning: 'A document is larger than the deployment stores.',
    client: WAIT,
    operator: 'Have the pharmacy make it smaller, or raise `DOCUMENT_LIMIT_BYTES`, then retry.',
  },
  DOCUMENT_NOT_BASE64: {
    meaning: 'A document inside an answer does not decode.',
    client: WAIT,
    operator: FIX_DOCUMENT,
  },
  DOCUMENT_URL_MALFORMED: {
    meaning: 'The link to a document is no http URL.',
    client: WAIT,
    operator: FIX_AND_RETRY,
  },
  DOCUMENT_REDIRECTS_TOO_OFTEN: {
    meaning: 'The link to a document redirects more than five times.',
    client: WAIT,
    operator: FIX_AND_RETRY,
  },
  DOCUMENT_DESTINATION_FORBIDDEN: {
    meaning: 'The link to a document leads to a private address, another port or plain http.',
    client: WAIT,
    operator: 'Have the pharmacy serve the file on its own origin or publicly over https.',
  },
  DOCUMENT_HOST_UNRESOLVED: {
    meaning: 'The name in the link to a document does not resolve.',
    client: WAIT,
    operator: FIX_AND_RETRY,
  },
  'DOCUMENT_STORE_*': {
    meaning: 'The deployment’s own store of documents failed.',
    client: WAIT,
    operator: 'Repair the store; orders with a delay continue by themselves. Otherwise retry.',
  },
  'KEY_SERVICE_*': {
    meaning: 'The deployment’s key service failed.',
    client: WAIT,
    operator: 'Repair the service or the access to it; orders with a delay continue by themselves.',
  },
  EXPIRY_NOT_CONFIRMED: {
    meaning: 'The order’s limit is over, and the pharmacy did not confirm the cancellation.',
    client: WAIT,
    operator: 'Ask whether the pharmacy still dispenses, then retry or cancel.',
  },
  LATE_ANSWER: {
    meaning: 'The order had ended, and the pharmacy now says something else.',
    client: 'Read the reason in words, and wait.',
    operator: 'Find out which is true: retry accepts the pharmacy’s state, keep keeps the end.',
  },
  SEAL_BROKEN: {
    meaning: 'A stored value of the order does not decrypt: it was damaged.',
    client: 'Ask the operator.',
    operator: 'Restore the row from a backup and retry, or cancel.',
  },
  INTERNAL: {
    meaning: 'An unexpected error of the deployment. Any code that is not listed means the same.',
    client: WAIT,
    operator: 'Read the worker’s log, which has the code and the frames; then retry.',
  },
} as const satisfies Readonly<Record<string, ReasonEntry>>;

/** Why an order has ended. */
export const END_CODES = {
  CANCEL_REQUESTED: {
    meaning: '`CANCELLED`: you or an operator requested it, and the pharmacy does not fill it.',
    client: NOTHING,
    operator: NOTHING,
  },
  PHARMACY_CANCELLED: {
    meaning: '`CANCELLED`: the pharmacy cancelled the order by itself.',
    client: 'Ask the pharmacy, or place another order.',
    operator: NOTHING,
  },
  PHARMACY_REJECTED: {
    meaning: '`REJECTED`: the pharmacy had accepted the order, and rejected it later.',
    client: 'Read the reason in words; correct the order, and place it under a new key.',
    operator: NOTHING,
  },
  ORDER_REFUSED: {
    meaning: '`REJECTED`: the pharmacy refused the order, and gave no code of its own.',
    client: 'Read the reason in words; correct the order, and place it under a new key.',
    operator: NOTHING,
  },
  COMPLETION_LIMIT: {
    meaning: '`EXPIRED`: the pharmacy did not complete the order in time, and will not fill it.',
    client: 'Place another order.',
    operator: 'Ask the pharmacy if that happens often.',
  },
} as const satisfies Readonly<Record<string, ReasonEntry>>;

/** Codes of rows of the timeline that change no status. */
export const TIMELINE_CODES = {
  TOO_LATE: {
    meaning:
      '`CANCEL_REFUSED`: the pharmacy fills the order, or has filled it. Another code there says why the pharmacy did not decide.',
    client: 'Ask the pharmacy.',
    operator: NOTHING,
  },
  'WORKFLOW_*': {
    meaning:
      '`WORKFLOW_RESTARTED`: the process of the order was lost in Temporal, and the deployment started it again.',
    client: NOTHING,
    operator: 'Find out what ended it, if it happens more than once.',
  },
} as const satisfies Readonly<Record<string, ReasonEntry>>;
