import type { OrderStatus } from '../contract/order.ts';

/**
 * The order's life, in one place: from each state, the states that may follow. `COMPLETED`,
 * `REJECTED`, `CANCELLED` and `EXPIRED` are ends; `NEEDS_ATTENTION` rests until an operator sends
 * the order on. One way leads back from an end: see {@link REOPENING}.
 */
const NEXT: Readonly<Record<OrderStatus, readonly OrderStatus[]>> = {
  ACCEPTED: ['PLACING', 'NEEDS_ATTENTION', 'CANCELLED'],
  PLACING: ['AWAITING_COMPLETION', 'REJECTED', 'NEEDS_ATTENTION'],
  AWAITING_COMPLETION: [
    'FETCHING_DOCUMENTS',
    'REJECTED',
    'CANCELLED',
    'EXPIRED',
    'NEEDS_ATTENTION',
  ],
  FETCHING_DOCUMENTS: ['COMPLETED', 'REJECTED', 'CANCELLED', 'EXPIRED', 'NEEDS_ATTENTION'],
  // Into itself too: a retry may fail for another reason.
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
 * The one way back: a pharmacy answers an order that has expired, and people have to look. Only for
 * who asks for it by name, so that no late attempt of an activity opens an order again.
 */
export const REOPENING = { from: 'EXPIRED', to: 'NEEDS_ATTENTION' } as const;

/** Whether an order in `from` may become `to`. */
export function mayBecome(from: OrderStatus, to: OrderStatus): boolean {
  return NEXT[from].includes(to);
}

/** The states from which an order may become `to`. */
export function statesBefore(to: OrderStatus): OrderStatus[] {
  return (Object.keys(NEXT) as OrderStatus[]).filter((from) => mayBecome(from, to));
}

/** Whether an order in this state has ended. */
export function isEnd(status: OrderStatus): boolean {
  return NEXT[status].length === 0;
}

/** The states in which an order has ended. */
export const ENDS: OrderStatus[] = (Object.keys(NEXT) as OrderStatus[]).filter(isEnd);

/**
 * Whether an order that becomes `status` cannot be cancelled any more, so that a request to cancel
 * it has lost. Its documents are only fetched once the pharmacy has completed it.
 */
export function refusesCancellation(status: OrderStatus): boolean {
  return status === 'FETCHING_DOCUMENTS' || (isEnd(status) && status !== 'CANCELLED');
}
