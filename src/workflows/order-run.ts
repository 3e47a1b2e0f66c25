import type { OrderInput } from './order-messages.ts';
import { type Progress, trackProgress } from './order-progress.ts';
import { type OrderRequests, receiveRequests } from './order-requests.ts';

/** What the parts of an order workflow share. */
export interface OrderRun {
  readonly orderId: string;
  readonly pharmacyId: string;
  readonly progress: Progress;
  readonly requests: OrderRequests;
  /**
   * Whether the pharmacy is known to have the order: since `placeOrder` succeeded, in this run or in an earlier
   * one. A run that starts in `NEEDS_ATTENTION` has to know it to handle a cancellation.
   */
  placed: boolean;
  /**
   * Whether the steps at the pharmacy are tried as local activities first, see {@link tryLocally}. Never again after
   * the order has needed attention.
   */
  isQuick: boolean;
}

/** Begins a run: sets the handlers, and takes over what an earlier run of the order knew. */
export function beginRun({ orderId, pharmacyId, resting, waiting }: OrderInput): OrderRun {
  const progress = trackProgress(orderId);
  const requests = receiveRequests(orderId, progress);
  if (waiting?.hint === true) requests.hint = true;
  if (waiting?.cancelRequested === true) requests.cancels += 1;
  const placed = waiting !== undefined || resting?.placed === true;
  const isQuick = resting === undefined && waiting === undefined;
  return { orderId, pharmacyId, progress, requests, placed, isQuick };
}
