import type { Address, PrescriptionOrder } from '../contract/place-order.ts';

/** An order as it is sent to a pharmacy. */
export interface PharmacyOrderRequest {
  /** Our order id: the pharmacy's reference of the order and its idempotency key. */
  readonly reference: string;
  /** For a pharmacy that knows the organization's cases. */
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

/** The order as the pharmacy has it. */
export interface PharmacyOrder {
  readonly id: string;
  readonly reference: string;
  readonly status: 'accepted' | 'in_progress' | 'completed' | 'rejected' | 'cancelled';
  /** Why it was rejected or cancelled, in the pharmacy's words; may hold patient data. */
  readonly reason?: string | undefined;
  readonly documents: readonly PharmacyDocument[];
}

/** A prescription document that the pharmacy offers. Everything in it is the pharmacy's word. */
export interface PharmacyDocument {
  readonly id: string;
  readonly name: string;
  readonly contentType: string;
  /** Bytes; a pharmacy that announces neither it nor the hash cannot be held to them. */
  readonly size?: number | undefined;
  /** Lower-case hexadecimal. */
  readonly sha256?: string | undefined;
  readonly url: string;
}

/**
 * One pharmacy, as the activities see it. Every call can throw the errors of `errors.ts` and
 * nothing else that matters, and ends when `signal` aborts.
 */
export interface PharmacyGateway {
  /**
   * Places an order. Safe to repeat: the reference names it.
   *
   * @returns the order, or `exists` when the pharmacy has one of this reference already, to be found
   *   by {@link PharmacyGateway.findByReference}.
   */
  place(request: PharmacyOrderRequest, signal: AbortSignal): Promise<PharmacyOrder | 'exists'>;
  /** Looks an order up by our reference. */
  findByReference(reference: string, signal: AbortSignal): Promise<PharmacyOrder | undefined>;
  /** Reads an order by the pharmacy's id. */
  get(pharmacyOrderId: string, signal: AbortSignal): Promise<PharmacyOrder>;
  /** Asks the pharmacy to cancel; `too-late` is its refusal. */
  cancel(pharmacyOrderId: string, signal: AbortSignal): Promise<'cancelled' | 'too-late'>;
  /** Opens a document's bytes. They are not checked yet. */
  download(document: PharmacyDocument, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
}
