import {
  OrderRefusedError,
  PharmacyAnswerError,
  PharmacyFaultError,
  PharmacyUnavailableError,
} from '../pharmacy-errors.ts';

/** A failed call to a pharmacy, explained for the people who connect it. */
export interface CallFault {
  /** The stable code. */
  readonly code: string;
  /** The status of the answer; undefined if there was none, or if its status was as expected. */
  readonly status: number | undefined;
  /** Whether the pharmacy answered at all. */
  readonly answered: boolean;
  /** Whether the same call may succeed later: the gateway repeats it for orders. */
  readonly retryable: boolean;
  /** What is wrong and what to do. */
  readonly message: string;
}

const HTTP = /^PHARMACY_HTTP_(\d{3})$/;

/** Advice for codes of the transport, without the prefix `PHARMACY_`. */
const TRANSPORT: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens at the base URL: start the pharmacy, or correct host and port',
  ENOTFOUND: 'the host of the base URL is unknown: correct it',
  EAI_AGAIN: 'the host of the base URL cannot be resolved now: check the DNS',
  ECONNRESET: 'the pharmacy closes the connection without an answer',
  UND_ERR_SOCKET: 'the pharmacy closes the connection without an answer',
  UND_ERR_CONNECT_TIMEOUT:
    'the host of the base URL does not accept connections: check the firewall',
  TIMEOUT: 'no answer in time: see --timeout',
  CERT_HAS_EXPIRED: 'the TLS certificate has expired: renew it',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the TLS certificate is self-signed: use one of a public authority',
  SELF_SIGNED_CERT_IN_CHAIN: 'the TLS certificate is self-signed: use one of a public authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the server sends no intermediate certificate: add it',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the TLS certificate is for another host name',
};

/** Advice for the faults in answers. */
const ANSWERS: Readonly<Record<string, string>> = {
  PHARMACY_OTHER_REFERENCE: 'the answer is about an order with another reference',
  PHARMACY_OTHER_ORDER: 'the answer is about an order with another id',
  PHARMACY_ORDER_UNKNOWN: 'the pharmacy does not know the order',
};

/**
 * Explains a failed call.
 *
 * @returns undefined if the error does not come from a call to a pharmacy.
 */
export function explainFault(error: unknown): CallFault | undefined {
  if (error instanceof OrderRefusedError) {
    const reason = error.reason === undefined ? '' : `: ${error.reason.replace(/\.$/, '')}`;
    const message = `refused with 422 ${error.code}${reason}`;
    return { code: error.code, status: 422, answered: true, retryable: false, message };
  }
  if (error instanceof PharmacyAnswerError && error.field !== undefined) {
    const message =
      error.field === 'body'
        ? 'the answer is not JSON: the base URL may lead to a web page'
        : `the answer cannot be read: check its field ${error.field}`;
    return { code: error.code, status: undefined, answered: true, retryable: false, message };
  }
  const known =
    error instanceof PharmacyUnavailableError ||
    error instanceof PharmacyFaultError ||
    error instanceof PharmacyAnswerError;
  if (!known) return undefined;
  const { code } = error;
  const retryable = error instanceof PharmacyUnavailableError;
  const digits = HTTP.exec(code)?.[1];
  if (digits !== undefined) {
    const status = Number(digits);
    const message = `answered ${status}: ${statusAdvice(status)}`;
    return { code, status, answered: true, retryable, message };
  }
  const transport = TRANSPORT[code.replace(/^PHARMACY_/, '')];
  const message = transport ?? ANSWERS[code] ?? code;
  return { code, status: undefined, answered: !retryable, retryable, message };
}

function statusAdvice(status: number): string {
  if (status === 401 || status === 403) {
    return 'the token is wrong: set it with rx pharmacy add --replace, or accept it at the pharmacy';
  }
  if (status < 400 && status >= 300) {
    return 'redirects of API calls are not followed: use the target as the base URL';
  }
  if (status === 404) return 'the base URL does not lead to this route, or the order is unknown';
  if (status === 405) return 'the route does not support this method: check the base URL';
  if (status === 429) return 'the pharmacy limits our rate: run the check again later';
  return status >= 500 ? 'an error of the pharmacy: see its log' : 'not a status of this protocol';
}
