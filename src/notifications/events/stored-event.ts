import type { EventName } from '../../contract/case-activity.ts';
import type { OrderStatus } from '../../contract/order.ts';
import type { SubjectKey } from '../../keys/subject-key.ts';

/** An event as Postgres stores it: the data that its body is rendered from, as of when it happened. */
export interface StoredEvent {
  readonly id: string;
  readonly organizationId: string;
  /** The event's number among its order's events, from 1 without gaps; null without an order. */
  readonly sequence: number | null;
  readonly event: EventName;
  readonly content: EventContent;
  readonly createdAt: Date;
}

/**
 * The function `record_order_event` of migration 0007 writes it. Times are in the API's text form.
 * `reason`, `fileName` and `trackingId` are encrypted with their order's data key until
 * {@link openEvents} decrypts them.
 */
export type EventContent = OrderEventContent | EndpointEventContent;

/** The content of an event about an order. */
export interface OrderEventContent {
  readonly order: StoredOrder;
  readonly case: {
    readonly id: string;
    readonly status: OrderStatus;
    readonly createdAt: string;
    readonly updatedAt: string;
  };
  /** Only of `ORDER_TRACKING_ADDED`. */
  readonly trackingId?: string;
  /** Only of `ADD_CASE_ATTACHMENT` and `DELETE_ATTACHMENT`. */
  readonly attachment?: StoredAttachment;
  /** The case's newest orders, oldest first; only if an endpoint had `payloadMode` `full` then. */
  readonly orders?: readonly StoredOrder[];
  readonly attachments?: readonly StoredAttachment[];
}

/** The content of an event about an endpoint. */
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
  /** Whether the pharmacy had withdrawn it. Events before migration 0017 lack the field. */
  readonly isDeleted?: boolean;
  /** The order's data key, set by {@link openEvents}; undefined for an order that was erased or whose key is broken. */
  readonly key?: SubjectKey | undefined;
}
