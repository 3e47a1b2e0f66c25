import { channel } from 'node:diagnostics_channel';
import { Histogram, type Registry } from 'prom-client';
import type { OrderStatus } from '../contract/order.ts';
import { pharmacyLabel } from '../metrics/bounded-label.ts';

/*
 * Orders that this process has ended. The code that changes a status has no metrics, so it publishes the end on a
 * channel of the process.
 */

const ENDED_ORDERS = channel('rx-orders:ended-order');

/** From seconds to a month. */
const BUCKETS = [1, 5, 15, 60, 300, 900, 3_600, 14_400, 86_400, 259_200, 604_800, 2_592_000];

/** An order that has ended. */
export interface EndedOrder {
  readonly status: OrderStatus;
  /** null: no pharmacy with the id that the order names is set up. */
  readonly pharmacyId: string | null;
  /** The time since it was accepted. */
  readonly seconds: number;
}

/** Reports the end of an order. */
export function reportEnd(order: EndedOrder): void {
  ENDED_ORDERS.publish(order);
}

/**
 * Measures the time to the end of each order that this process ends.
 *
 * @returns a function that ends the subscription.
 */
export function measureEnds(registry: Registry): () => void {
  const nameOf = pharmacyLabel();
  const ends = new Histogram({
    name: 'rx_order_end_seconds',
    help: 'Time from accepting an order to its end, by status.',
    labelNames: ['status', 'pharmacy'],
    buckets: BUCKETS,
    registers: [registry],
  });
  const subscriber = (message: unknown) => {
    const { status, pharmacyId, seconds } = message as EndedOrder;
    const pharmacy = pharmacyId === null ? 'unknown' : nameOf(pharmacyId);
    ends.observe({ status, pharmacy }, seconds);
  };
  ENDED_ORDERS.subscribe(subscriber);
  return () => {
    ENDED_ORDERS.unsubscribe(subscriber);
  };
}
