import type { BehaviourPatch } from './behaviours.ts';
import type { Delivery, Offers, Order, OrderStatus, PlannedStep, Tracking } from './order.ts';

/** An event: one line of the ledger. */
export type LedgerEvent =
  /** A POST with this reference arrived, with any result. */
  | { readonly event: 'asked'; readonly pharmacyId: string; readonly reference: string }
  | { readonly event: 'created'; readonly order: Order }
  | {
      readonly event: 'changed';
      readonly orderId: string;
      readonly at: string;
      readonly status?: OrderStatus;
      readonly reason?: string | undefined;
      readonly tracking?: Tracking;
      readonly offers?: Offers;
      /** The order's plan, if the step adds to it. */
      readonly plan?: readonly PlannedStep[];
      /** The webhooks about the step, in the same line, so that neither exists alone. */
      readonly deliveries: readonly Delivery[];
    }
  /** A delivery needs no further attempt: it has arrived or is given up. */
  | { readonly event: 'settled'; readonly deliveryId: string }
  /** The pharmacy failed a download of a document, or sent a damaged copy. */
  | { readonly event: 'spoiled'; readonly documentId: string }
  | { readonly event: 'configured'; readonly pharmacyId: string; readonly patch: BehaviourPatch }
  | { readonly event: 'reset' };

/** The simulator's state: the sum of the ledger's events. */
export interface State {
  readonly orders: Map<string, Order>;
  /** Order ids by pharmacy and reference, and by pharmacy and idempotency key. */
  readonly byReference: Map<string, string>;
  readonly byKey: Map<string, string>;
  /** POSTs by pharmacy and reference. */
  readonly asked: Map<string, number>;
  readonly deliveries: Map<string, Delivery>;
  readonly spoiled: Map<string, number>;
  readonly patches: Map<string, BehaviourPatch>;
}

/** The state before the first event. */
export function emptyState(): State {
  return {
    orders: new Map(),
    byReference: new Map(),
    byKey: new Map(),
    asked: new Map(),
    deliveries: new Map(),
    spoiled: new Map(),
    patches: new Map(),
  };
}

/** The key of a value that is unique within a pharmacy. */
export function within(pharmacyId: string, name: string): string {
  return `${pharmacyId} ${name}`;
}

/** Applies an event to the state. An event about an order that a reset removed changes nothing. */
export function apply(state: State, event: LedgerEvent): void {
  switch (event.event) {
    case 'asked':
      increment(state.asked, within(event.pharmacyId, event.reference));
      return;
    case 'created': {
      const { order } = event;
      state.orders.set(order.id, order);
      state.byReference.set(within(order.pharmacyId, order.reference), order.id);
      state.byKey.set(within(order.pharmacyId, order.idempotencyKey), order.id);
      return;
    }
    case 'changed': {
      const { event: _, orderId, at, deliveries, ...change } = event;
      const order = state.orders.get(orderId);
      if (order === undefined) return;
      state.orders.set(orderId, { ...order, ...change, updatedAt: at });
      for (const delivery of deliveries) state.deliveries.set(delivery.id, delivery);
      return;
    }
    case 'settled':
      state.deliveries.delete(event.deliveryId);
      return;
    case 'spoiled':
      increment(state.spoiled, event.documentId);
      return;
    case 'configured':
      state.patches.set(event.pharmacyId, {
        ...state.patches.get(event.pharmacyId),
        ...event.patch,
      });
      return;
    case 'reset':
      for (const part of Object.values(state) as Map<string, unknown>[]) part.clear();
      return;
  }
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
