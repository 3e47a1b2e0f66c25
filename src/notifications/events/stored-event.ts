import type { EventName } from '../../contract/case-activity.ts';
import type { OrderStatus } from '../../contract/order.ts';
import type { SubjectKey } from '../../keys/subject-key.ts';

/** An event as it is stored: what its body is rendered from, as it was when it happened. */
export interface StoredEvent {
  readonly id: string;
  readonly organizationId: string;
  /** Of the order's events: from 1, without a gap; null when it tells of no order. */
  readonly sequence: number | null;
  readonly event: EventName;
  readonly content: EventContent;
  readonly createdAt: Date;
}

/**
 * Written by migration 0007, `record_order_event`; times are texts in the form of the API. `reason`,
 * `fileName` and `trackingId` are sealed with their orders' keys until {@link openEvents} has opened them.
 */
export type EventContent = OrderEventContent | EndpointEventContent;

/** What tells of an order. */
export interface OrderEventContent {
  readonly order: StoredOrder;
  readonly case: {
    readonly id: string;
    readonly status: OrderStatus;
    readonly createdAt: string;
    readonly updatedAt: string;
  };
  /** With `ORDER_TRACKING_ADDED`. */
  readonly trackingId?: string;
  /** With `ADD_CASE_ATTACHMENT`. */
  readonly attachment?: StoredAttachment;
  /** The case's newest, oldest first; when an endpoint wanted them then. */
  readonly orders?: readonly StoredOrder[];
  readonly attachments?: readonly StoredAttachment[];
}

/** What tells of an endpoint. */
export interface EndpointEventContent {
  readonly endpoint: { readonly id: string; readonly url: string; readonly reason: string };
}

export interface StoredOrder {
  readonly id: string;
  readonly status: OrderStatus;
  readonly reason: string | null;
  readonly createdAt: string;
}

export interface StoredAttachment {
  readonly id: string;
  readonly orderId: string;
  readonly fileName: string;
  readonly createdAt: string;
  readonly pharmacyId: string;
  readonly contentType: string;
  readonly size: number;
  readonly sha256: string;
  readonly storageKey: string;
  /** Its order's, once it is opened; an order that was erased has none. */
  readonly key?: SubjectKey | undefined;
}
