import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { OrderStatus } from '../contract/order.ts';

/** The workflow type's name in Temporal. Open orders carry it, so it never changes. */
export const ORDER_WORKFLOW = 'order';

/** The workflow id of an order. */
export function orderWorkflowId(orderId: string): string {
  return `order-${orderId}`;
}

/**
 * The input of an order workflow: ids and codes only, no patient data. A new order has only ids. A run that
 * takes over from an earlier run of the order has at most one of the other fields.
 */
export interface OrderInput {
  readonly orderId: string;
  readonly pharmacyId: string;
  /**
   * Starts the run in `NEEDS_ATTENTION`, where the earlier run stopped. The reconciler sets it when it
   * restarts such an order; a run with a long history sets it for the next one.
   */
  readonly resting?: {
    /** Why the order needs attention. */
    readonly reasonCode: string;
    /** Whether the pharmacy is known to have the order. */
    readonly placed: boolean;
  };
  /**
   * Starts the run in `AWAITING_COMPLETION`, after the earlier run placed the order. Only a run with a long
   * history sets it, for the next one.
   */
  readonly waiting?: {
    /** How long to wait for a webhook before the first poll, in milliseconds. */
    readonly firstLookMs: number;
    /** When the order expires, in milliseconds since the epoch. */
    readonly deadline: number;
    /** Whether the pharmacy may have finished with the order. */
    readonly hint?: boolean;
    /** Whether a cancellation was requested that the pharmacy has not been asked about. */
    readonly cancelRequested?: boolean;
  };
}

/** How an order ended. */
export interface OrderResult {
  readonly orderId: string;
  readonly status: EndStatus;
  /** A stable code, if the end has a reason. */
  readonly reasonCode?: string;
}

export type EndStatus = Extract<OrderStatus, 'COMPLETED' | 'REJECTED' | 'CANCELLED' | 'EXPIRED'>;

/** The state of an order workflow. */
export interface OrderProgress {
  readonly status: OrderStatus;
  /** RFC 3339. */
  readonly since: string;
  readonly reasonCode?: string;
}

/**
 * Signal: the pharmacy reports that it has finished with the order. This is a hint that may come early,
 * late or twice: the workflow reads the order at the pharmacy.
 */
export const orderCompleted = defineSignal('orderCompleted');

/**
 * Signal: a cancellation was requested. A hint, too: Postgres knows whether the order is already
 * cancelled, because it was never sent, or whether the pharmacy has to decide.
 */
export const cancelRequested = defineSignal('cancelRequested');

/** Query: the order's present status. */
export const statusQuery = defineQuery<OrderProgress>('status');

/**
 * The input of the updates `retry` and `cancel`; from the Temporal UI it may be missing. It has no free
 * text: an operator's reason may contain patient data, so it stays in Postgres.
 */
export interface RepairInput {
  /** The id of a repair that is stored in Postgres; excludes the other fields. */
  readonly repairId?: string;
  /** The operator, e.g. `anna`; recorded as claimed. `temporal-ui` by default. */
  readonly by?: string;
  /** Only for `retry`: the pharmacy's id of the order, if ours is missing or wrong. */
  readonly pharmacyOrderId?: string;
}

/**
 * Update: retries an order in `NEEDS_ATTENTION`. In any other status the validator rejects it, which adds
 * no event to the history.
 */
export const retryUpdate = defineUpdate<void, [RepairInput]>('retry');

/** Update: requests the cancellation of an order, as the API does; rejected once the order has ended. */
export const cancelUpdate = defineUpdate<void, [RepairInput]>('cancel');
