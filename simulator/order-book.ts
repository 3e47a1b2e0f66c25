import { randomInt, randomUUID } from 'node:crypto';
import type { Behaviour } from './behaviours.ts';
import type { Courier } from './courier.ts';
import type { Ledger } from './ledger.ts';
import type { Log } from './log.ts';
import { looseJson, looseOrder } from './loose-answers.ts';
import {
  type Delivery,
  hasEnded,
  isPending,
  type Offers,
  type Order,
  type OrderStatus,
  type PlannedStep,
  type StepTarget,
  type Tracking,
  type WebhookType,
} from './order.ts';

/** The order cannot take the step in its present status. */
export class StepImpossibleError extends Error {
  override readonly name = 'StepImpossibleError';
}

/** A step with its details. */
export interface Step {
  readonly to: StepTarget;
  readonly reason?: string | undefined;
  /** Whether the step may contradict an earlier end, as when a pharmacy dispensed a cancelled order. */
  readonly late?: boolean | undefined;
  /** The documents from this step on. The default is all, at a completion those of the behaviour. */
  readonly offers?: Offers | undefined;
  /** The details of a tracking number. Missing details are invented. */
  readonly trackingId?: string | undefined;
  readonly carrier?: string | undefined;
  readonly trackingUrl?: string | undefined;
}

/** The pharmacies' orders and their steps. */
export interface OrderBook {
  /** Adds an order. Its steps start with {@link OrderBook.begin}. */
  create(placed: {
    pharmacyId: string;
    reference: string;
    idempotencyKey: string;
    body: unknown;
  }): Order;
  /** Schedules an order's planned steps, without those that it has already taken. */
  begin(order: Order): void;
  /**
   * Moves an order and sends the webhook.
   *
   * @returns the order after the step, and `notified`, which settles when the webhook has arrived or is
   *   given up.
   * @throws {StepImpossibleError} the order has ended: only a tracking number or documents can follow a
   *   completion, and only a late step another end. Documents cannot precede the completion.
   */
  advance(orderId: string, step: Step): { order: Order; notified: Promise<void> };
  /** Accepts a cancellation that the pharmacy carries out later, unless the order ends before. */
  cancelLater(order: Order, afterMs: number): void;
  /** Cancels the timers of all planned steps. The ledger still has the steps. */
  stop(): void;
}

const WEBHOOKS: Readonly<Partial<Record<StepTarget, WebhookType>>> = {
  completed: 'order.completed',
  rejected: 'order.rejected',
  cancelled: 'order.cancelled',
  documents: 'order.completed',
  tracking: 'order.tracking_added',
};

const REJECTION = 'The prescriber could not be reached to confirm this prescription.';

/**
 * Makes the order book.
 *
 * @param options.onBroken called when the ledger cannot be written. All later answers are void.
 */
export function createOrderBook(options: {
  ledger: Ledger;
  courier: Courier;
  log: Log;
  onBroken: (error: unknown) => void;
}): OrderBook {
  const { ledger, courier, log, onBroken } = options;
  const timers = new Set<NodeJS.Timeout>();

  function advance(orderId: string, step: Step): { order: Order; notified: Promise<void> } {
    const order = ledger.order(orderId);
    if (order === undefined) throw new Error(`no order ${orderId}`);
    const isCompleted = order.status === 'completed';
    const afterwards =
      ((step.to === 'tracking' || step.to === 'documents') && isCompleted) ||
      (step.late === true && step.to !== 'in_progress' && step.to !== order.status);
    const isPossible = hasEnded(order) ? afterwards : step.to !== 'documents';
    if (!isPossible) throw new StepImpossibleError(`the order is ${order.status}`);

    const { pharmacyId, reference } = order;
    const behaviour = ledger.behaviour(pharmacyId);
    const status = step.to === 'tracking' || step.to === 'documents' ? order.status : step.to;
    const tracking = step.to === 'tracking' ? trackingOf(step) : undefined;
    const offers = offersAfter(step, behaviour);
    const followUps = followUpsOf(step.to, behaviour, Date.now());
    const deliveries = deliveriesOf(order, status, step.to, tracking);
    const written = ledger.record({
      event: 'changed',
      orderId,
      at: new Date().toISOString(),
      status,
      ...(step.reason === undefined ? {} : { reason: step.reason }),
      ...(tracking === undefined ? {} : { tracking }),
      ...(offers === undefined ? {} : { offers }),
      ...(followUps.length === 0 ? {} : { plan: [...order.plan, ...followUps] }),
      deliveries,
    });
    log.info('order changed', { pharmacyId, reference, status, type: step.to });
    // A webhook must not report a step that a crash could still undo.
    const notified = written.then(() => courier.send(deliveries));
    notified.catch(onBroken);
    schedule(orderId, followUps);
    return { order: ledger.order(orderId) ?? order, notified };
  }

  function deliveriesOf(
    order: Order,
    status: OrderStatus,
    to: StepTarget,
    tracking: Tracking | undefined,
  ): Delivery[] {
    const { pharmacyId, id, reference } = order;
    const { webhooks, webhookDelaysMs, trackingDelaysMs, loose } = ledger.behaviour(pharmacyId);
    const type = WEBHOOKS[to];
    if (!webhooks || type === undefined) return [];
    const webhookId = `msg_${randomUUID()}`;
    const now = Date.now();
    const data = { id, reference, status, ...tracking };
    const body = loose
      ? looseJson({ type, data: looseOrder(data) })
      : JSON.stringify({ type, data });
    return (to === 'tracking' ? trackingDelaysMs : webhookDelaysMs).map((delayMs, copy) => ({
      id: `${webhookId}-${copy}`,
      webhookId,
      pharmacyId,
      reference,
      type,
      body,
      dueAt: now + delayMs,
    }));
  }

  function take(orderId: string, planned: PlannedStep): void {
    const order = ledger.order(orderId);
    if (order === undefined || !isPending(order, planned)) return;
    const { to, late, offers } = planned;
    advance(orderId, { to, late, offers, ...(to === 'rejected' ? { reason: REJECTION } : {}) });
  }

  function schedule(orderId: string, steps: readonly PlannedStep[]): void {
    for (const step of steps) {
      const timer = setTimeout(
        () => {
          timers.delete(timer);
          take(orderId, step);
        },
        Math.max(0, step.at - Date.now()),
      );
      timers.add(timer);
    }
  }

  return {
    create({ pharmacyId, reference, idempotencyKey, body }) {
      const now = Date.now();
      const at = new Date(now).toISOString();
      const order: Order = {
        pharmacyId,
        // More digits than a double has, so that a client which reads them as a number finds no order.
        id: ledger.behaviour(pharmacyId).loose ? digits(20) : `rx_${randomUUID()}`,
        reference,
        idempotencyKey,
        status: 'accepted',
        createdAt: at,
        updatedAt: at,
        plan: planOf(ledger.behaviour(pharmacyId), now),
        body,
      };
      ledger.record({ event: 'created', order }).catch(onBroken);
      log.info('order created', { pharmacyId, reference });
      return order;
    },
    begin: (order) => schedule(order.id, order.plan),
    advance,
    cancelLater(order, afterMs) {
      const { id, plan } = order;
      if (plan.some(({ to }) => to === 'cancelled')) return;
      const now = Date.now();
      const step = { to: 'cancelled', at: now + afterMs } as const;
      const at = new Date(now).toISOString();
      const change = { orderId: id, at, plan: [...plan, step], deliveries: [] };
      ledger.record({ event: 'changed', ...change }).catch(onBroken);
      schedule(id, [step]);
    },
    stop() {
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
  };
}

function planOf(behaviour: Behaviour, now: number): PlannedStep[] {
  const { trackAfterMs, outcome, completeAfterMs } = behaviour;
  return [
    ...(trackAfterMs === null ? [] : [{ to: 'tracking' as const, at: now + trackAfterMs }]),
    ...(outcome === null ? [] : [{ to: outcome, at: now + completeAfterMs }]),
  ];
}

/** The documents after a step; undefined: the step changes nothing about them. */
function offersAfter({ to, offers }: Step, { offersAtEnd }: Behaviour): Offers | undefined {
  if (to === 'documents') return offers ?? 'all';
  return to === 'completed' ? (offers ?? offersAtEnd) : undefined;
}

/** The steps that follow an end automatically. */
function followUpsOf(to: StepTarget, behaviour: Behaviour, now: number): PlannedStep[] {
  const { contradictAfterMs, offersLater } = behaviour;
  if (to === 'completed') {
    return offersLater.map(({ afterMs, offers }) => {
      return { to: 'documents', at: now + afterMs, offers };
    });
  }
  if ((to !== 'rejected' && to !== 'cancelled') || contradictAfterMs === null) return [];
  return [{ to: 'completed', at: now + contradictAfterMs, late: true }];
}

function digits(count: number): string {
  return Array.from({ length: count }, (_, index) => randomInt(index === 0 ? 1 : 0, 10)).join('');
}

function trackingOf({ trackingId, carrier, trackingUrl }: Step): Tracking {
  const id = trackingId ?? `9400${randomInt(1e8, 1e9)}${randomInt(1e8, 1e9)}`;
  return {
    trackingId: id,
    carrier: carrier ?? 'Example Parcel',
    trackingUrl: trackingUrl ?? `https://parcel.example.com/track/${encodeURIComponent(id)}`,
  };
}
