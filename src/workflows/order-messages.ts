import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { OrderStatus } from '../contract/order.ts';

/** The workflow type's name on the wire. Open orders carry it: it never changes. */
export const ORDER_WORKFLOW = 'order';

/** The workflow id of an order. */
export function orderWorkflowId(orderId: string): string {
  return `order-${orderId}`;
}

/** What an order workflow is started with: ids only, no patient data. */
export interface OrderInput {
  readonly orderId: string;
  readonly pharmacyId: string;
  /** Only of a run that takes a lost one's place, when people had to look at the order. */
  readonly resting?: {
    readonly reasonCode: string;
    /** Whether the pharmacy is known to have it. */
    readonly placed: boolean;
  };
}

/** How an order ended. */
export interface OrderResult {
  readonly orderId: string;
  readonly status: EndStatus;
  /** A stable code, where the end has a reason. */
  readonly reasonCode?: string;
}

export type EndStatus = Extract<OrderStatus, 'COMPLETED' | 'REJECTED' | 'CANCELLED' | 'EXPIRED'>;

/** Where an order workflow is. */
export interface OrderProgress {
  readonly status: OrderStatus;
  /** RFC 3339. */
  readonly since: string;
  readonly reasonCode?: string;
}

/**
 * The pharmacy is said to be done with the order. A hint, not the truth: the workflow reads the
 * order at the pharmacy. May come early, late, twice.
 */
export const orderCompleted = defineSignal('orderCompleted');

/**
 * The order's cancellation was asked for; a hint too: Postgres says whether the order is cancelled
 * already (it was never sent) or whether the pharmacy has to be asked.
 */
export const cancelRequested = defineSignal('cancelRequested');

/** Where the order is. */
export const statusQuery = defineQuery<OrderProgress>('status');

/**
 * What comes with the updates `retry` and `cancel`; from the Temporal UI also nothing at all. No free
 * text: a person's words may hold patient data, and stay in Postgres.
 */
export interface RepairInput {
  /** A repair that Postgres has with all its words; then nothing else stands here. */
  readonly repairId?: string;
  /** Who it is, e.g. `anna`; by default `temporal-ui`. */
  readonly by?: string;
  /** Of `retry`: the pharmacy's id of the order, when ours is missing or wrong. */
  readonly pharmacyOrderId?: string;
}

/** Sends an order on that rests in `NEEDS_ATTENTION`; refused in any other state, without a trace. */
export const retryUpdate = defineUpdate<void, [RepairInput]>('retry');

/** Asks for the cancellation of an order, as the API does; refused once it has ended. */
export const cancelUpdate = defineUpdate<void, [RepairInput]>('cancel');
