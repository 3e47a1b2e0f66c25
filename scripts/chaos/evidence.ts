import type { OrderStatus } from '../../src/contract/order.ts';

/*
 * What the checker judges by. The parts outside of the system (clients, pharmacies, receiver) kept
 * their own ledgers; what the system says of itself is read over its API as any client does.
 */

/** An answer that a client got; `status` is null when none came. */
export interface ClientAnswer {
  readonly status: number | null;
  /** The order that it acknowledges. */
  readonly orderId?: string | undefined;
  /** A 200 that says that it repeats an earlier one. */
  readonly replayed?: boolean;
}

/** One idempotency key: all that was asked and answered under it. */
export interface ClientRecord {
  readonly key: string;
  readonly pharmacyId: string;
  readonly answers: readonly ClientAnswer[];
  /** Whether its cancellation was asked for. */
  readonly cancels: boolean;
}

/** An order as a pharmacy has it. */
export interface PharmacyOrder {
  readonly pharmacyId: string;
  readonly reference: string;
  readonly status: string;
  readonly trackingId?: string | undefined;
  readonly documents: readonly { readonly sha256: string }[];
}

/** An order as the API shows it. */
export interface ShownOrder {
  readonly id: string;
  readonly status: OrderStatus;
  readonly reasonCode?: string | undefined;
  readonly documents: readonly { readonly id: string; readonly sha256: string }[];
  /** The changes of its status, the first first. */
  readonly changes: readonly {
    readonly from: OrderStatus | undefined;
    readonly to: OrderStatus;
  }[];
}

/** A notification as the receiver took it. */
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
  /** Within the store's folder. */
  readonly path: string;
  readonly sha256: string;
}

/** All of it, taken when the system had come to rest. */
export interface Evidence {
  readonly clients: readonly ClientRecord[];
  readonly pharmacies: readonly PharmacyOrder[];
  readonly orders: readonly ShownOrder[];
  readonly events: readonly ReceivedEvent[];
  readonly files: readonly StoredFile[];
  /** Rows that still wait in the outbox. */
  readonly outbox: number;
}

/** What kinds of broken promises there are. */
export type ViolationKind =
  /** An acknowledged order, or its order at the pharmacy, is not there. */
  | 'lost'
  /** A key has several orders or several first 200s, a reference several at the pharmacies, or one that nobody was told of. */
  | 'duplicated'
  /** A client was never answered, or an order has not come to rest. */
  | 'unfinished'
  /** An answer that the contract has not for this request. */
  | 'answer'
  /** The end does not fit what the pharmacy has. */
  | 'end'
  /** What is stored are not the pharmacy's bytes. */
  | 'document'
  | 'timeline'
  /** A notification did not come. */
  | 'event-missing'
  /** A notification came that is forged, contradicts another, or tells what never was. */
  | 'event-false'
  | 'outbox'
  | 'temporary-file'
  | 'process';

/** A broken promise. */
export interface Violation {
  readonly kind: ViolationKind;
  /** The key, the order or the file that it is about. */
  readonly subject: string;
  readonly detail: string;
}
