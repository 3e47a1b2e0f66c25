import type { Address, PrescriptionOrder } from '../contract/place-order.ts';
import type { Shipment } from '../orders/pharmacy-message.ts';

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
  /** Our order id, if the answer has it. */
  readonly reference?: string | undefined;
  readonly status: 'accepted' | 'in_progress' | 'completed' | 'rejected' | 'cancelled';
  /** The pharmacy's explanation of a rejection or cancellation; may contain patient data. */
  readonly reason?: string | undefined;
  readonly shipment?: Shipment | undefined;
  readonly documents: readonly PharmacyDocument[];
  /** The ids of documents that the pharmacy has withdrawn. */
  readonly withdrawn: readonly string[];
  /** The fields of documents that could not be read, e.g. `documents[1].url`. */
  readonly unreadable: readonly string[];
}

/** A document that the pharmacy offers. Nothing in it is verified yet. */
export interface PharmacyDocument {
  /** Unique within the order. */
  readonly id: string;
  readonly name: string;
  /** A media type without parameters; `application/octet-stream` if the pharmacy does not say. */
  readonly contentType: string;
  /** In bytes; undefined if the pharmacy does not say. */
  readonly size?: number | undefined;
  /** Lower-case hexadecimal; undefined if the pharmacy does not say. */
  readonly sha256?: string | undefined;
  readonly url: string;
}

/** The largest number of documents of an order, the withdrawn ones included. */
export const MOST_DOCUMENTS = 200;

/** What an order without documents offers. */
export const NOTHING_OFFERED = {
  documents: [],
  withdrawn: [],
  unreadable: [],
} as const satisfies Pick<PharmacyOrder, 'documents' | 'withdrawn' | 'unreadable'>;

/** A document that is being downloaded. */
export interface Download {
  readonly bytes: AsyncIterable<Uint8Array>;
  /** The media type of the answer, without parameters; undefined if it has none. */
  readonly contentType: string | undefined;
}

/**
 * One pharmacy, as the activities use it. Each call throws the errors of pharmacy-errors.ts, which
 * src/activities/pharmacy-retry-policy.ts maps to retries and statuses, and ends when `signal` aborts.
 */
export interface PharmacyGateway {
  /** Whether the pharmacy keeps our order id, so that an order can be found and verified by it. */
  readonly hasReferences: boolean;
  /**
   * Places an order. Safe to repeat, because the reference identifies it.
   *
   * @returns the order, or `exists` if the pharmacy already has an order with this reference; the caller
   *   then calls {@link PharmacyGateway.findByReference}.
   */
  place(request: PharmacyOrderRequest, signal: AbortSignal): Promise<PharmacyOrder | 'exists'>;
  /** Finds an order by our reference; undefined if the pharmacy has none. */
  findByReference(reference: string, signal: AbortSignal): Promise<PharmacyOrder | undefined>;
  /** Reads an order by the pharmacy's id. */
  get(pharmacyOrderId: string, signal: AbortSignal): Promise<PharmacyOrder>;
  /**
   * Requests a cancellation. `pending`: the pharmacy decides later, and a read of the order tells;
   * `too-late`: it refuses.
   */
  cancel(
    pharmacyOrderId: string,
    signal: AbortSignal,
  ): Promise<'cancelled' | 'pending' | 'too-late'>;
  /** Opens a document for reading. The caller checks the bytes. */
  download(document: PharmacyDocument, signal: AbortSignal): Promise<Download>;
}
