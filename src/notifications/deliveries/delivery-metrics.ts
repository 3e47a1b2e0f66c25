import { Counter, Histogram, type Registry } from 'prom-client';
import type { AttemptOutcome } from '../attempt-outcome.ts';

/** Counts attempts at webhook deliveries. */
export interface DeliveryMetrics {
  observe(outcome: AttemptOutcome): void;
}

/** Creates the metrics of deliveries. The classes of outcomes are a fixed list. */
export function createDeliveryMetrics(registry: Registry): DeliveryMetrics {
  const registers = [registry];
  const attempts = new Counter({
    name: 'rx_webhook_attempts_total',
    help: 'Attempts at webhook deliveries by outcome: `delivered`, or the class of the failure.',
    labelNames: ['outcome'],
    registers,
  });
  const duration = new Histogram({
    name: 'rx_webhook_attempt_duration_seconds',
    help: 'Time that an attempt at a webhook delivery took.',
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  return {
    observe({ errorClass, durationMs }) {
      attempts.inc({ outcome: errorClass ?? 'delivered' });
      duration.observe(durationMs / 1_000);
    },
  };
}
