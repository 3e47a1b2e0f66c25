import type { OrderStatus } from '../contract/order.ts';

/**
 * The status machine: for each status, the statuses that may follow. `COMPLETED`, `REJECTED`,
 * `CANCELLED` and `EXPIRED` are ends. An order in `NEEDS_ATTENTION` waits for an operator's retry or for
 * a cancellation. {@link isReopening} has the only transitions from an end.
 */
const NEXT: Readonly<Record<OrderStatus, readonly OrderStatus[]>> = {
  ACCEPTED: ['PLACING', 'NEEDS_ATTENTION', 'CANCELLED'],
  // CANCELLED: the pharmacy does not have it.
  PLACING: ['AWAITING_COMPLETION', 'REJECTED', 'CANCELLED', 'NEEDS_ATTENTION'],
  AWAITING_COMPLETION: [
    'FETCHING_DOCUMENTS',
    'REJECTED',
    'CANCELLED',
    'EXPIRED',
    'NEEDS_ATTENTION',
  ],
  FETCHING_DOCUMENTS: ['COMPLETED', 'REJECTED', 'CANCELLED', 'EXPIRED', 'NEEDS_ATTENTION'],
  // Also to itself: a retry may fail for another reason.
  NEEDS_ATTENTION: [
    'NEEDS_ATTENTION',
    'PLACING',
    'AWAITING_COMPLETION',
    'FETCHING_DOCUMENTS',
    'REJECTED',
    'CANCELLED',
    'EXPIRED',
  ],
  COMPLETED: [],
  REJECTED: [],
  CANCELLED: [],
  EXPIRED: [],
};

/**
 * Whether a transition reopens an order that has ended, or restores the end of a reopened one. These are
 * not part of the table above, so that only code that names the present status can make them, and no
 * stale attempt of an activity can.
 */
export function isReopening(from: OrderStatus, to: OrderStatus): boolean {
  const isReopened = isEnd(from) && to === 'NEEDS_ATTENTION';
  return isReopened || (from === 'NEEDS_ATTENTION' && isEnd(to));
}

/** Whether an order may change from one status to another. */
export function mayBecome(from: OrderStatus, to: OrderStatus): boolean {
  return NEXT[from].includes(to);
}

/** The statuses from which an order may change to `to`. */
export function statesBefore(to: OrderStatus): OrderStatus[] {
  return (Object.keys(NEXT) as OrderStatus[]).filter((from) => mayBecome(from, to));
}

/** Whether an order with this status has ended. */
export function isEnd(status: OrderStatus): boolean {
  return NEXT[status].length === 0;
}

/** The statuses of orders that have ended. */
export const ENDS: OrderStatus[] = (Object.keys(NEXT) as OrderStatus[]).filter(isEnd);

/**
 * Whether a change to `status` refuses a pending cancellation. `FETCHING_DOCUMENTS` does, because
 * documents are only fetched after the pharmacy has completed the order.
 */
export function refusesCancellation(status: OrderStatus): boolean {
  return status === 'FETCHING_DOCUMENTS' || (isEnd(status) && status !== 'CANCELLED');
}
