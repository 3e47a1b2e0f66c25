import type { Address, PrescriptionOrder } from '../contract/place-order.ts';

/** An order to place at a pharmacy. */
export interface PharmacyOrderRequest {
  /** Our order id; the pharmacy uses it as the order's reference and idempotency key. */
  readonly reference: string;
  /** Only for pharmacies that know the organization's cases. */
  readonly caseId: string;
  readonly prescription: Omit<PrescriptionOrder, 'shippingAddress'>;
  readonly shippingAddress: Address;
  readonly patient: {
    readonly firstName?: string;
    readonly lastName?: string;
    readonly dateOfBirth?: string;
    readonly email?: string;
    readonly phoneNumber?: string;
  };
}

/** An order as the pharmacy returns it. */
export interface PharmacyOrder {
  readonly id: string;
  /** Our order id; empty if the protocol has no references. */
  readonly reference: string;
  readonly status: 'accepted' | 'in_progress' | 'completed' | 'rejected' | 'cancelled';
  /** The pharmacy's explanation of a rejection or cancellation; may contain patient data. */
  readonly reason?: string | undefined;
  readonly documents: readonly PharmacyDocument[];
}

/** A document that the pharmacy offers. Nothing in it is verified yet. */
export interface PharmacyDocument {
  readonly id: string;
  readonly name: string;
  readonly contentType: string;
  /** In bytes. If the pharmacy announces neither size nor hash, the download cannot be checked. */
  readonly size?: number | undefined;
  /** Lower-case hexadecimal. */
  readonly sha256?: string | undefined;
  readonly url: string;
}

/**
 * One pharmacy, as the activities use it. Each call throws the errors of pharmacy-errors.ts, which
 * src/activities/pharmacy-retry-policy.ts maps to retries and statuses, and ends when `signal` aborts.
 */
export interface PharmacyGateway {
  /**
   * Places an order. Safe to repeat, because the reference identifies it.
   *
   * @returns the order, or `exists` if the pharmacy already has an order with this reference; the caller
   *   then calls {@link PharmacyGateway.findByReference}.
   */
  place(request: PharmacyOrderRequest, signal: AbortSignal): Promise<PharmacyOrder | 'exists'>;
  /** Finds an order by our reference. */
  findByReference(reference: string, signal: AbortSignal): Promise<PharmacyOrder | undefined>;
  /** Reads an order by the pharmacy's id. */
  get(pharmacyOrderId: string, signal: AbortSignal): Promise<PharmacyOrder>;
  /** Requests a cancellation; `too-late` means that the pharmacy refuses it. */
  cancel(pharmacyOrderId: string, signal: AbortSignal): Promise<'cancelled' | 'too-late'>;
  /** Opens a document for reading. The caller checks its size and hash. */
  download(document: PharmacyDocument, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
}
