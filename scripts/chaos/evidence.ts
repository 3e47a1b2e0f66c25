import type { OrderStatus } from '../../src/contract/order.ts';

/*
 * The evidence that the checker compares. The parts outside the system (clients, pharmacies, receiver)
 * keep their own ledgers. The run reads the system's own account over the API, like any client.
 */

/** An answer that a client got. `status` is null when no answer arrived. */
export interface ClientAnswer {
  readonly status: number | null;
  /** The order that the answer acknowledges. */
  readonly orderId?: string | undefined;
  /** Whether a 200 says that it repeats an earlier answer. */
  readonly replayed?: boolean;
}

/** One idempotency key, with every request and answer under it. */
export interface ClientRecord {
  readonly key: string;
  readonly pharmacyId: string;
  readonly answers: readonly ClientAnswer[];
  /** Whether the client requested a cancellation. */
  readonly cancels: boolean;
}

/** An order in a pharmacy's ledger. */
export interface PharmacyOrder {
  readonly pharmacyId: string;
  readonly reference: string;
  readonly status: string;
  readonly trackingId?: string | undefined;
  /** The steps and webhooks of the order that are still to come. */
  readonly pending: number;
  /** Every document that it has or had. */
  readonly documents: readonly {
    readonly sha256: string;
    readonly state: 'current' | 'superseded' | 'withdrawn';
  }[];
}

/** An order as the API shows it. */
export interface ShownOrder {
  readonly id: string;
  readonly status: OrderStatus;
  readonly reasonCode?: string | undefined;
  readonly documents: readonly {
    readonly id: string;
    readonly sha256: string;
    /** The id of the version before. */
    readonly supersedes?: string | undefined;
    /** When the pharmacy withdrew it. */
    readonly deletedAt?: string | undefined;
  }[];
  /** The changes of its status, in their order. */
  readonly changes: readonly {
    readonly from: OrderStatus | undefined;
    readonly to: OrderStatus;
  }[];
}

/** A notification in the receiver's ledger. */
export interface ReceivedEvent {
  readonly webhookId: string;
  /** Whether its signature and its timestamp were right. */
  readonly genuine: boolean;
  readonly event: string;
  readonly orderId: string;
  readonly sequence: number;
  readonly status: string;
  readonly trackingId?: string | undefined;
  readonly sha256?: string | undefined;
}

/** A file of the document store. */
export interface StoredFile {
  /** Relative to the store's folder. */
  readonly path: string;
  readonly sha256: string;
}

/** All evidence, gathered after the system has finished. */
export interface Evidence {
  readonly clients: readonly ClientRecord[];
  readonly pharmacies: readonly PharmacyOrder[];
  readonly orders: readonly ShownOrder[];
  readonly events: readonly ReceivedEvent[];
  readonly files: readonly StoredFile[];
  /** How many rows are still in the outbox. */
  readonly outbox: number;
}

/** The kinds of broken promises. */
export type ViolationKind =
  /** An acknowledged order, or its order at the pharmacy, is missing. */
  | 'lost'
  /** A key has several orders or several first 200s. Or pharmacies have several orders for a reference, or one that no client knows. */
  | 'duplicated'
  /** A client never got an answer, an order has no final status, or its pharmacy has not finished with it. */
  | 'unfinished'
  /** An answer that the contract does not allow for this request. */
  | 'answer'
  /** The order's final status does not match the pharmacy's. */
  | 'end'
  /** The stored documents, their versions or their bytes are not the pharmacy's. */
  | 'document'
  | 'timeline'
  /** A notification is missing. */
  | 'event-missing'
  /** A notification is forged, contradicts another, or reports something that did not happen. */
  | 'event-false'
  | 'outbox'
  | 'temporary-file'
  | 'process';

/** A broken promise. */
export interface Violation {
  readonly kind: ViolationKind;
  /** The key, the order or the file concerned. */
  readonly subject: string;
  readonly detail: string;
}
