import { randomInt, randomUUID } from 'node:crypto';
import type { Behaviour } from './behaviours.ts';
import type { Courier } from './courier.ts';
import type { Ledger } from './ledger.ts';
import type { Log } from './log.ts';
import {
  type Delivery,
  hasEnded,
  type Order,
  type OrderStatus,
  type PlannedStep,
  type StepTarget,
  type Tracking,
  type WebhookType,
} from './order.ts';

/** The order has ended, so the step can no longer happen. */
export class OrderEndedError extends Error {
  override readonly name = 'OrderEndedError';
}

/** A step with its details. */
export interface Step {
  readonly to: StepTarget;
  readonly reason?: string | undefined;
  /** Whether a completion follows a cancellation: the order was dispensed before the cancellation arrived. */
  readonly late?: boolean | undefined;
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
   * @throws {OrderEndedError} the order has ended. Only a tracking number can still follow a completion.
   */
  advance(orderId: string, step: Step): { order: Order; notified: Promise<void> };
  /** Cancels the timers of all planned steps. The ledger still has the steps. */
  stop(): void;
}

const WEBHOOKS: Readonly<Partial<Record<StepTarget, WebhookType>>> = {
  completed: 'order.completed',
  rejected: 'order.rejected',
  cancelled: 'order.cancelled',
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
    const afterwards =
      (step.to === 'tracking' && order.status === 'completed') ||
      (step.late === true && step.to === 'completed' && order.status === 'cancelled');
    if (hasEnded(order) && !afterwards) throw new OrderEndedError(`it is ${order.status}`);

    const { pharmacyId, reference } = order;
    const status = step.to === 'tracking' ? order.status : step.to;
    const tracking = step.to === 'tracking' ? trackingOf(step) : undefined;
    const deliveries = deliveriesOf(order, status, step.to, tracking);
    const written = ledger.record({
      event: 'changed',
      orderId,
      at: new Date().toISOString(),
      status,
      ...(step.reason === undefined ? {} : { reason: step.reason }),
      ...(tracking === undefined ? {} : { tracking }),
      deliveries,
    });
    log.info('order changed', { pharmacyId, reference, status, type: step.to });
    // A webhook must not report a step that a crash could still undo.
    const notified = written.then(() => courier.send(deliveries));
    notified.catch(onBroken);
    return { order: ledger.order(orderId) ?? order, notified };
  }

  function deliveriesOf(
    order: Order,
    status: OrderStatus,
    to: StepTarget,
    tracking: Tracking | undefined,
  ): Delivery[] {
    const { pharmacyId, id, reference } = order;
    const { webhooks, webhookDelaysMs, trackingDelaysMs } = ledger.behaviour(pharmacyId);
    const type = WEBHOOKS[to];
    if (!webhooks || type === undefined) return [];
    const webhookId = `msg_${randomUUID()}`;
    const now = Date.now();
    const body = JSON.stringify({ type, data: { id, reference, status, ...tracking } });
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

  function take(orderId: string, { to }: PlannedStep): void {
    const order = ledger.order(orderId);
    if (order === undefined || hasEnded(order)) return;
    if (to === 'tracking' && order.tracking !== undefined) return;
    advance(orderId, to === 'rejected' ? { to, reason: REJECTION } : { to });
  }

  return {
    create({ pharmacyId, reference, idempotencyKey, body }) {
      const now = Date.now();
      const at = new Date(now).toISOString();
      const order: Order = {
        pharmacyId,
        id: `rx_${randomUUID()}`,
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
    begin(order) {
      for (const step of order.plan) {
        const timer = setTimeout(
          () => {
            timers.delete(timer);
            take(order.id, step);
          },
          Math.max(0, step.at - Date.now()),
        );
        timers.add(timer);
      }
    },
    advance,
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

function trackingOf({ trackingId, carrier, trackingUrl }: Step): Tracking {
  const id = trackingId ?? `9400${randomInt(1e8, 1e9)}${randomInt(1e8, 1e9)}`;
  return {
    trackingId: id,
    carrier: carrier ?? 'Example Parcel',
    trackingUrl: trackingUrl ?? `https://parcel.example.com/track/${encodeURIComponent(id)}`,
  };
}
