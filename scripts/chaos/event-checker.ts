import type { OrderStatus } from '../../src/contract/order.ts';
import { isEnd } from '../../src/orders/status.ts';
import type { PharmacyOrder, ReceivedEvent, ShownOrder, Violation } from './evidence.ts';

/**
 * Compares the notifications that the receiver got about an order with what happened to the order. The
 * promise is at-least-once: copies of an event are no violation if they have the same `webhook-id`.
 */
export function eventViolations(
  order: ShownOrder,
  placed: PharmacyOrder | undefined,
  received: readonly ReceivedEvent[],
): Violation[] {
  const found: Violation[] = [];
  const missing = (detail: string) => {
    found.push({ kind: 'event-missing', subject: order.id, detail });
  };
  const wrong = (detail: string) => {
    found.push({ kind: 'event-false', subject: order.id, detail });
  };

  const bySequence = new Map<number, ReceivedEvent>();
  for (const event of received) {
    if (event.orderId !== order.id || !event.genuine) continue;
    const { sequence, webhookId } = event;
    const before = bySequence.get(sequence);
    bySequence.set(sequence, before ?? event);
    if (before !== undefined && before.webhookId !== webhookId) {
      wrong(`number ${sequence} arrived as ${before.webhookId} and as ${webhookId}`);
    }
  }
  const last = Math.max(0, ...bySequence.keys());
  for (let sequence = 1; sequence <= last; sequence += 1) {
    if (!bySequence.has(sequence)) missing(`number ${sequence} of ${last}`);
  }

  const expected = [
    ...(placed === undefined ? [] : ['ORDER_CREATED']),
    ...(placed?.trackingId === undefined ? [] : [`ORDER_TRACKING_ADDED ${placed.trackingId}`]),
    ...order.documents.map(({ sha256 }) => `ADD_CASE_ATTACHMENT ${sha256}`),
    ...order.documents.flatMap(({ sha256, deletedAt }) =>
      deletedAt === undefined ? [] : `DELETE_ATTACHMENT ${sha256}`,
    ),
    ...order.changes.flatMap(({ to }) => (isNotified(to) ? `ORDER_STATUS_CHANGED ${to}` : [])),
  ];
  const descriptions = [...bySequence.values()].map(describe);
  for (const [description, times] of counted(expected)) {
    const came = descriptions.filter((one) => one === description).length;
    if (came < times) missing(description);
  }
  for (const [description, times] of counted(descriptions)) {
    const due = expected.filter((one) => one === description).length;
    if (times > due) wrong(`${description} arrived as ${times} events, but happened ${due} times`);
  }
  return found;
}

function isNotified(status: OrderStatus): boolean {
  return isEnd(status) || status === 'NEEDS_ATTENTION';
}

function describe({ event, status, trackingId, sha256 }: ReceivedEvent): string {
  switch (event) {
    case 'ORDER_TRACKING_ADDED':
      return `${event} ${trackingId ?? ''}`;
    case 'ADD_CASE_ATTACHMENT':
    case 'DELETE_ATTACHMENT':
      return `${event} ${sha256 ?? ''}`;
    case 'ORDER_STATUS_CHANGED':
      return `${event} ${status}`;
    default:
      return event;
  }
}

function counted(descriptions: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const one of descriptions) counts.set(one, (counts.get(one) ?? 0) + 1);
  return counts;
}
