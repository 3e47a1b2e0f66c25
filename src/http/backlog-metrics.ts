import { Gauge, type Registry } from 'prom-client';
import type { Backlogs } from '../operators/backlogs.ts';

interface Measure {
  readonly name: string;
  readonly help: string;
  readonly of: (backlogs: Backlogs) => number;
}

const MEASURES: readonly Measure[] = [
  {
    name: 'rx_outbox_depth',
    help: 'Outbox rows that Temporal has not accepted yet.',
    of: ({ outbox }) => outbox.depth,
  },
  {
    name: 'rx_outbox_oldest_seconds',
    help: 'Age of the oldest outbox row; 0 when the outbox is empty.',
    of: ({ outbox }) => outbox.oldestSeconds,
  },
  {
    name: 'rx_outbox_failing',
    help: 'Outbox rows whose dispatch has failed at least once.',
    of: ({ outbox }) => outbox.failing,
  },
  {
    name: 'rx_reconciler_lag_seconds',
    help: 'Time since the reconciler last compared all open orders with Temporal.',
    of: ({ reconciler }) => reconciler.lagSeconds,
  },
  {
    name: 'rx_reconciler_restarted_total',
    help: 'Workflows that the reconciler has ever restarted for open orders without one.',
    of: ({ reconciler }) => reconciler.restarted,
  },
  {
    name: 'rx_orders_without_workflow',
    help: 'Open orders found without a workflow; the reconciler is starting a new one.',
    of: ({ orders }) => orders.withoutWorkflow,
  },
  {
    name: 'rx_orders_needing_attention',
    help: 'Orders in NEEDS_ATTENTION, which wait for an operator.',
    of: ({ orders }) => orders.needingAttention,
  },
  {
    name: 'rx_orders_delayed',
    help: 'Orders with a step that has been failing for more than a minute.',
    of: ({ orders }) => orders.delayed,
  },
  {
    name: 'rx_orphan_workflows',
    help: 'Open order workflows without an open order.',
    of: ({ reconciler }) => reconciler.orphans,
  },
  {
    name: 'rx_inbox_unmatched',
    help: 'Pharmacy messages that have matched no order for an hour.',
    of: ({ reconciler }) => reconciler.unmatched,
  },
  {
    name: 'rx_webhook_deliveries_overdue_seconds',
    help: 'How long the most overdue delivery attempt has been due; 0 when no attempt is due.',
    of: ({ deliveries }) => deliveries.overdueSeconds,
  },
];

/**
 * Adds the gauges of the backlogs to a registry.
 *
 * @returns a function that sets the gauges; `undefined` sets them to unknown (`NaN`).
 */
export function addBacklogMetrics(registry: Registry): (backlogs: Backlogs | undefined) => void {
  const registers = [registry];
  const gauges = MEASURES.map(({ name, help, of }) => ({
    gauge: new Gauge({ name, help, registers }),
    of,
  }));
  const deliveries = new Gauge({
    name: 'rx_webhook_deliveries',
    help: 'Webhook deliveries not delivered yet, by state: pending, retrying, dead.',
    labelNames: ['state'],
    registers,
  });
  const endpoints = new Gauge({
    name: 'rx_webhook_endpoints',
    help: 'Webhook endpoints that do not receive normally, by state: failing, paused, disabled.',
    labelNames: ['state'],
    registers,
  });

  return (backlogs) => {
    const read = (of: Measure['of']) => (backlogs === undefined ? NaN : of(backlogs));
    for (const { gauge, of } of gauges) gauge.set(read(of));
    for (const state of ['pending', 'retrying', 'dead'] as const) {
      deliveries.set(
        { state },
        read((each) => each.deliveries[state]),
      );
    }
    for (const state of ['failing', 'paused', 'disabled'] as const) {
      endpoints.set(
        { state },
        read((each) => each.deliveries[`${state}Endpoints`]),
      );
    }
  };
}
