import type { Log } from '../../process/log.ts';
import { createFailedAttempts, type FailureLimits } from './failed-attempts.ts';

/** Who sends a pharmacy's webhook, as far as the request shows. */
export interface WebhookSource {
  /** undefined when the connection has closed. */
  readonly address: string | undefined;
  /** As the URL names it; perhaps unknown. */
  readonly pharmacyId: string;
  /** The header `Authorization`. */
  readonly credential: string | undefined;
}

/** Counts failed attempts to send a pharmacy's webhook, within one process. */
export interface WebhookAttempts {
  /**
   * Admits a webhook, or refuses it before its secret is checked.
   *
   * @throws {FailedAttemptsError} too many attempts of the address failed, or too many at the pharmacy and
   *   one of them came from this address.
   */
  admit(source: WebhookSource): void;
  /** Records an authentic webhook. Later ones with the same credential are always admitted for a day. */
  succeeded(source: WebhookSource): void;
  /**
   * Counts a failed attempt.
   *
   * @throws {FailedAttemptsError} too many attempts had failed before this one. The 429 replaces the 401.
   */
  failed(source: WebhookSource): void;
}

/** All addresses together may fail so many times as often at one pharmacy as one address may anywhere. */
const ADDRESSES_PER_PHARMACY = 10;
/** How long an authentic webhook vouches for the next one. */
const PROVEN_MS = 24 * 60 * 60_000;

/**
 * Creates the counter: a bucket for each address, and one for each pharmacy against guessers with many
 * addresses. When a pharmacy's bucket is empty, an address that has not failed yet still gets its first
 * attempt checked, so guessers cannot lock the pharmacy out.
 *
 * @param limits for one address.
 * @param options as for {@link createFailedAttempts}.
 */
export function createWebhookAttempts(
  limits: FailureLimits,
  log: Log,
  options: { readonly onRefused?: () => void; readonly now?: () => number } = {},
): WebhookAttempts {
  const addresses = createFailedAttempts(limits, log, { ...options, provenMs: PROVEN_MS });
  const pharmacies = createFailedAttempts(
    {
      burst: limits.burst * ADDRESSES_PER_PHARMACY,
      perSecond: limits.perSecond * ADDRESSES_PER_PHARMACY,
    },
    log,
    { ...options, subject: 'pharmacy', groupOf: (pharmacyId = '') => pharmacyId },
  );
  return {
    admit(source) {
      const { address, pharmacyId } = source;
      const proof = proofOf(source);
      addresses.admit(address, proof);
      if (addresses.hasFailed(address) && !addresses.isProven(proof)) {
        pharmacies.admit(pharmacyId, undefined);
      }
    },
    succeeded(source) {
      addresses.succeeded(proofOf(source));
    },
    failed(source) {
      try {
        // A wrong signature must not end the trust in its address, or a forger could lock its neighbour out.
        addresses.failed(source.address, source.credential && proofOf(source));
      } finally {
        pharmacies.failed(source.pharmacyId);
      }
    },
  };
}

/** What recognizes a sender: its credential, or its address when the webhook has a signature instead. */
function proofOf({ address, pharmacyId, credential }: WebhookSource): string {
  return JSON.stringify([pharmacyId, credential ?? { address }]);
}
