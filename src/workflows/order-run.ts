import type { OrderInput } from './order-messages.ts';
import { type Progress, trackProgress } from './order-progress.ts';
import { type OrderRequests, receiveRequests } from './order-requests.ts';

/** What the parts of an order workflow share. */
export interface OrderRun {
  readonly orderId: string;
  readonly pharmacyId: string;
  readonly progress: Progress;
  readonly requests: OrderRequests;
  /** Whether the pharmacy is known to have the order. */
  placed: boolean;
}

/** Begins a run: sets the handlers, and takes over what the run knows that this one continues. */
export function beginRun({ orderId, pharmacyId, waiting }: OrderInput): OrderRun {
  const progress = trackProgress(orderId);
  const requests = receiveRequests(orderId, progress);
  if (waiting?.hint === true) requests.hint = true;
  if (waiting?.cancelRequested === true) requests.cancels += 1;
  return { orderId, pharmacyId, progress, requests, placed: false };
}
