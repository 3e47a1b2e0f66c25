import type { OrderStatus } from '../../../contract/order.ts';

/** How a status looks: what needs a person, what goes on, what ended well, and what ended otherwise. */
const KINDS: Readonly<Record<OrderStatus, 'attention' | 'open' | 'good' | 'ended'>> = {
  ACCEPTED: 'open',
  PLACING: 'open',
  AWAITING_COMPLETION: 'open',
  FETCHING_DOCUMENTS: 'open',
  NEEDS_ATTENTION: 'attention',
  COMPLETED: 'good',
  REJECTED: 'ended',
  CANCELLED: 'ended',
  EXPIRED: 'ended',
};

/** The status of an order, by word and colour. */
export function Status({ status }: { readonly status: OrderStatus }) {
  return <span class={`status ${KINDS[status]}`}>{statusText(status)}</span>;
}

/** A status for people, such as `Needs attention`. */
export function statusText(status: OrderStatus): string {
  const words = status.toLowerCase().replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
